"""calbot joins Matrix rooms and an organisation's CalDAV calendars."""

import importlib

# A maubot server that reloads an .mbp replaced in place refreshes its own importer's cache only; the standard
# zipimporter below would read stale offsets ("bad local file header").
importlib.invalidate_caches()

from .plugin import CalBot  # noqa: E402 - after the caches are fresh

__all__ = ["CalBot"]
