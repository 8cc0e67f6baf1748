"""What the threat model says is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", SECURITY)
KEYS = set(
    re.findall(r"^\| `([\w.]+)` \|", (ROOT / "docs" / "configuration.en.md").read_text(encoding="utf-8"), re.MULTILINE)
)
PARTS = {key.partition(".")[0] for key in KEYS if "." in key}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_it_names_tests_that_exist(path: str, name: str) -> None:
    file = ROOT / path
    assert file.exists()
    assert not name or re.search(rf"^\s*(?:async )?def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_it_names_some_for_each_who_might_mean_harm() -> None:
    assert len(NAMED) > 40
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", SECURITY)
    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)


def test_each_who_might_mean_harm_has_a_chapter_with_tests() -> None:
    who = SECURITY.partition("\n## Who might want what")[2].partition("\n## ")[0]
    chapters = who.split("\n### ")[1:]
    assert len(chapters) >= 9
    assert [chapter.partition("\n")[0] for chapter in chapters if "`tests/" not in chapter] == []


def test_settings_and_targets_that_it_names_exist() -> None:
    settings = {name for name in re.findall(r"`(\w+\.[\w.]+)(?:: [\w-]+)?`", SECURITY) if name.split(".")[0] in PARTS}
    assert settings
    assert settings <= KEYS
    assert set(re.findall(r"`make ([a-z-]+)`", SECURITY)) <= TARGETS
