"""Reads the texts that travel inside the package; the only place that knows where they lie.

Through the plugin's loader, since neither a path nor `importlib.resources` of the package nor gettext's directories
work from within an .mbp.
"""

from __future__ import annotations

from typing import Protocol

from calbot.core.i18n import Catalog
from calbot.core.model import Locale

LOCALES: tuple[Locale, ...] = ("de", "en")


class Loader(Protocol):
    def sync_read_file(self, path: str) -> bytes: ...


def read_catalogs(loader: Loader) -> dict[Locale, Catalog]:
    """All catalogs by language. KeyError or FileNotFoundError if the package is incomplete."""
    return {locale: Catalog.read(loader.sync_read_file(f"calbot/locales/{locale}.po"), locale) for locale in LOCALES}
