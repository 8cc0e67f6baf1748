"""The example of the specification, whole: admins will paste it as it is."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

EXAMPLE = Path(__file__).with_name("specification.yaml")
_PARSED = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


def example() -> dict[str, Any]:
    """A copy to change."""
    parsed: dict[str, Any] = copy.deepcopy(_PARSED)
    return parsed
