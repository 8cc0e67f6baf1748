"""What comes with calbot may come with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from .dependencies import is_compatible, licence_of, requirements, running

PROJECT = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")


def test_what_is_asked_for_is_what_the_project_declares() -> None:
    declared = re.search(r"^dependencies = \[\n(.*?)^\]", PROJECT, re.DOTALL | re.MULTILINE)
    assert declared is not None
    lines = re.findall(r'"([^"]+)"', declared[1])
    assert {str(one) for one in requirements()} == {str(Requirement(line)) for line in lines}


def test_each_package_that_runs_has_a_licence_that_fits_ours() -> None:
    packages = running()
    assert {"aiohttp", "maubot", "mautrix", "python-olm"} <= packages.keys()
    assert {"pytest", "matrix-synapse"}.isdisjoint(packages)
    licences = {name: licence_of(package) for name, package in packages.items()}
    assert {name: licence for name, licence in licences.items() if not is_compatible(licence)} == {}


@pytest.mark.parametrize(
    ("licence", "compatible"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-2.0-only OR Apache-2.0", True),
        ("GPL-2.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("MIT AND GPL-2.0-only OR SSPL-1.0", False),
        ("BUSL-1.1", False),
        ("not said", False),
        ("", False),
    ],
)
def test_all_parts_of_one_alternative_have_to_fit(licence: str, compatible: bool) -> None:
    assert is_compatible(licence) is compatible
