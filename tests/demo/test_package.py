"""The package holds what belongs to the plugin, in the state of the working tree, and is the same each time."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from demo.package import main, pack, plugin_files


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin's directory with what editors, tests and Python leave in it."""
    files = {
        "maubot.yaml": "{id: a.b, version: 1.2.3, modules: [thing], extra_files: [base-config.yaml]}",
        "base-config.yaml": "key: value\n",
        "README.md": "not packed",
        "thing/__init__.py": "",
        "thing/inner/deep.py": "x = 1\n",
        "thing/locales/de.po": "",
        "thing/py.typed": "",
        "thing/__pycache__/deep.cpython-311.pyc": "",
        "thing/.deep.py.swp": "",
        "thing/.DS_Store": "",
        "tests/test_thing.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


PACKED = [
    "base-config.yaml",
    "maubot.yaml",
    "thing/__init__.py",
    "thing/inner/deep.py",
    "thing/locales/de.po",
    "thing/py.typed",
]


def test_only_the_plugins_own_files_are_packed_outside_of_git(plugin: Path) -> None:
    assert plugin_files(plugin) == PACKED
    with zipfile.ZipFile(io.BytesIO(pack(plugin))) as archive:
        assert archive.namelist() == PACKED
        assert archive.read("thing/inner/deep.py") == b"x = 1\n"


def test_what_git_ignores_is_left_out_and_what_changed_is_packed_as_it_is(plugin: Path) -> None:
    def git(*argv: str) -> None:
        # The test's own repository, by whatever git there is.
        subprocess.run(["git", *argv], cwd=plugin, check=True, capture_output=True)  # noqa: S603, S607

    git("init")
    (plugin / ".gitignore").write_text("local_*.py\n")
    git("add", ".")
    (plugin / "thing/local_notes.py").write_text("")
    (plugin / "thing/inner/deep.py").write_text("x = 2\n")
    (plugin / "thing/py.typed").unlink()
    assert plugin_files(plugin) == [name for name in PACKED if name != "thing/py.typed"]
    with zipfile.ZipFile(io.BytesIO(pack(plugin))) as archive:
        assert archive.read("thing/inner/deep.py") == b"x = 2\n"


def test_same_files_give_the_same_bytes(plugin: Path) -> None:
    first = pack(plugin)
    (plugin / "thing/inner/deep.py").touch()
    assert pack(plugin) == first


def test_a_missing_extra_file_is_an_error(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin / "base-config.yaml").unlink()
    assert main([str(plugin), str(plugin / "dist")]) == 1
    assert "names base-config.yaml as an extra file" in capsys.readouterr().err
    assert not (plugin / "dist").exists()


def test_command_writes_the_version_into_the_name(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = plugin / "dist"
    assert main([str(plugin), str(target)]) == 0
    assert (target / "a.b-v1.2.3.mbp").read_bytes() == pack(plugin)
    assert "a.b-v1.2.3.mbp: 6 files" in capsys.readouterr().out
