"""Packs a maubot plugin: the files that belong to it, in the working tree's state, into a reproducible .mbp.

`mbc build` takes whole directories as they are, byte code and editors' files included.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

from .process import StartError

# What a plugin consists of; byte code, editors' files and type checkers' leftovers are not on the list.
_SUFFIXES = frozenset({".py", ".po", ".lark", ".html", ".typed"})
_EPOCH = (1980, 1, 1, 0, 0, 0)


def plugin_meta(root: Path) -> dict[str, Any]:
    meta: dict[str, Any] = yaml.safe_load((root / "maubot.yaml").read_text())
    return meta


def plugin_files(root: Path) -> list[str]:
    """Paths below `root`, sorted, that go into the package."""
    meta = plugin_meta(root)
    known = _known_to_git(root)
    modules = [path for module in meta["modules"] for path in sorted((root / module).rglob("*"))]
    candidates = [path.relative_to(root).as_posix() for path in modules if path.suffix in _SUFFIXES and path.is_file()]
    of_modules = [name for name in candidates if known is None or name in known]
    extra = [name for glob in meta.get("extra_files", ()) for name in _matching(root, glob)]
    return sorted({"maubot.yaml", *of_modules, *extra})


def _matching(root: Path, glob: str) -> list[str]:
    names = [path.relative_to(root).as_posix() for path in root.glob(glob)]
    if not names:
        # maubot would start such a package and fail later, where the file is read.
        raise StartError(f"{root / 'maubot.yaml'} names {glob} as an extra file, and there is none")
    return names


def _known_to_git(root: Path) -> frozenset[str] | None:
    """What git does not ignore, new files included, or None outside of a repository."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(argv, cwd=root, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return frozenset(listed.stdout.split("\0")) - {""} or None


def pack(root: Path) -> bytes:
    """The .mbp. The same files give the same bytes: sorted, without dates, stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in plugin_files(root):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (root / name).read_bytes())
    return buffer.getvalue()


def main(argv: list[str]) -> int:
    root, target = Path(argv[0]), Path(argv[1])
    meta = plugin_meta(root)
    try:
        mbp = pack(root)
    except StartError as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"{meta['id']}-v{meta['version']}.mbp"
    file.write_bytes(mbp)
    print(f"{file}: {len(plugin_files(root))} files, {file.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
