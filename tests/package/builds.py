"""Other builds of the package than that of this working tree."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from demo.package import pack, plugin_meta
from demo.stack import ROOT

VERSION = str(plugin_meta(ROOT)["version"])


def build(version: str, *, replace: Mapping[str, tuple[str, str]] | None = None) -> bytes:
    """The package under another version, with other texts in some of its files.

    A further one ahead of them moves all files in the archive, so that their places differ from build to build.
    """
    changed = io.BytesIO()
    replacements = {"maubot.yaml": (f"version: {VERSION}", f"version: {version}"), **(replace or {})}
    with zipfile.ZipFile(io.BytesIO(pack(ROOT))) as given, zipfile.ZipFile(changed, "w") as archive:
        archive.writestr("calbot/MOVED.txt", version * 100)
        for name in given.namelist():
            text = given.read(name).decode()
            if name in replacements:
                old, new = replacements[name]
                assert old in text
                text = text.replace(old, new)
            archive.writestr(name, text)
    return changed.getvalue()
