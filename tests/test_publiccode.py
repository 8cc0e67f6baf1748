"""`publiccode.yml`: what version 0.4 of the format asks for, and the same as the project says of itself elsewhere."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILE = (ROOT / "publiccode.yml").read_text(encoding="utf-8")
SAYS: dict[str, Any] = yaml.safe_load(FILE)
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

PLATFORMS = {"web", "windows", "mac", "linux", "ios", "android"}
STATES = {"concept", "development", "beta", "stable", "obsolete"}
TYPES = {"standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web", "standalone/backend"}
TYPES |= {"standalone/other", "addon", "library", "configurationFiles"}
# Of the format's list, those that could be about software like this.
CATEGORIES = {"appointment-scheduling", "collaboration", "communications", "event-management", "instant-messaging"}
CATEGORIES |= {"office", "productivity-suite", "time-management"}
MAINTENANCE = {"internal", "contract", "community", "none"}
DAY_OF_NO_RELEASE = "1970-01-01"


def of_project(key: str) -> str:
    found = re.search(rf'^{key} = "([^"]+)"$', PROJECT, re.MULTILINE)
    assert found is not None
    return found[1]


def test_what_the_format_asks_for_is_there() -> None:
    assert SAYS["publiccodeYmlVersion"] == "0.4"
    assert re.fullmatch(r"https://[^/\s]+/\S+", SAYS["url"])
    assert date.fromisoformat(SAYS["releaseDate"])
    assert SAYS["platforms"]
    assert set(SAYS["platforms"]) <= PLATFORMS
    assert SAYS["categories"]
    assert set(SAYS["categories"]) <= CATEGORIES
    assert SAYS["developmentStatus"] in STATES
    assert SAYS["softwareType"] in TYPES
    assert SAYS["maintenance"]["type"] in MAINTENANCE
    assert all(contact["name"] and "@" in contact["email"] for contact in SAYS["maintenance"]["contacts"])
    assert SAYS["localisation"]["localisationReady"] is True


@pytest.mark.parametrize("language", ["de", "en"])
def test_descriptions_keep_to_the_limits(language: str) -> None:
    description = SAYS["description"][language]
    assert 0 < len(description["shortDescription"]) <= 150
    assert "\n" not in description["shortDescription"]
    assert 150 <= len(description["longDescription"]) <= 10_000
    assert description["features"]
    assert all(0 < len(feature) <= 100 for feature in description["features"])


def test_both_descriptions_name_as_many_features() -> None:
    assert len({len(description["features"]) for description in SAYS["description"].values()}) == 1


def test_it_says_what_the_project_says() -> None:
    plugin = yaml.safe_load((ROOT / "maubot.yaml").read_text(encoding="utf-8"))
    assert SAYS["name"] == of_project("name")
    assert SAYS["softwareVersion"] == of_project("version") == plugin["version"]
    assert SAYS["legal"]["license"] == of_project("license") == plugin["license"]
    assert SAYS["localisation"]["availableLanguages"] == sorted(
        file.stem for file in (ROOT / "calbot" / "locales").glob("*.po")
    )
    assert f'"Development Status :: 4 - {SAYS["developmentStatus"].title()}"' in PROJECT


def test_it_depends_on_what_the_project_needs() -> None:
    needs = {each["name"]: each for each in SAYS["dependsOn"]["open"]}
    assert f'requires-python = ">={needs["Python"]["versionMin"]},<3.14"' in PROJECT
    assert f'"maubot[encryption]>={needs["maubot"]["versionMin"]},' in PROJECT
    assert all(isinstance(each["optional"], bool) for each in needs.values())


def test_what_is_left_to_the_publishing_organisation_is_said_at_its_top() -> None:
    left = set(re.findall(r"^# - ([\w.]+):", FILE, re.MULTILINE))
    example = re.compile(r"[@./]example\.org\b")
    assert ("url" in left) == bool(example.search(SAYS["url"]))
    contacts = SAYS["maintenance"]["contacts"]
    assert ("maintenance.contacts" in left) == any(example.search(contact["email"]) for contact in contacts)
    assert ("releaseDate" in left) == (SAYS["releaseDate"] == DAY_OF_NO_RELEASE)
    assert left <= {"url", "maintenance.contacts", "releaseDate"}


def test_the_day_of_the_release_is_that_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.search(rf"^## \[{re.escape(SAYS['softwareVersion'])}\] - (\S+)$", changelog, re.MULTILINE)
    assert SAYS["releaseDate"] == (released[1] if released else DAY_OF_NO_RELEASE)
