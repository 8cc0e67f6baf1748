"""Reads the texts that travel inside the package; the only place that knows where they lie.

Through the plugin's loader, since neither a path nor `importlib.resources` of the package nor gettext's directories
work from within an .mbp.
"""

from __future__ import annotations

from typing import Protocol

from calbot.core.i18n import Catalog
from calbot.core.model import Locale

_LOCALES = "calbot/locales"


class Loader(Protocol):
    """What maubot's loaders have in common. Some list the paths of files, others their names."""

    def sync_read_file(self, path: str) -> bytes: ...

    def sync_list_files(self, directory: str) -> list[str]: ...


def read_catalogs(loader: Loader) -> dict[Locale, Catalog]:
    """All catalogs by language: as many as there are files."""
    files = sorted(path.rpartition("/")[2] for path in loader.sync_list_files(_LOCALES) if path.endswith(".po"))
    return {
        name[: -len(".po")]: Catalog.read(loader.sync_read_file(f"{_LOCALES}/{name}"), name[: -len(".po")])
        for name in files
    }
