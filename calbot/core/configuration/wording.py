"""What is said of a finding: a sentence of its own, or that another kind of value was expected."""

from __future__ import annotations

from calbot.core.i18n import Catalog
from calbot.core.settings import Problem

from .findings import AT_LINE, WHOLE
from .kinds import Kind

EXPECTED = "config.expected"  # its parameter is the text of the kind


def kind_text(problem: Problem, catalog: Catalog) -> str | None:
    """The id of the text that names the kind of value that was expected; None where the finding has its own."""
    id = f"config.kind.{problem.expected.removeprefix('expected_')}"
    return id if id in catalog else None


def place_text(problem: Problem, catalog: Catalog) -> str | None:
    """Where in the file a finding is that is about no key of it; None for the others, which have a path."""
    if problem.expected not in ("expected_yaml", "expected_map"):
        return None
    if problem.path.startswith(AT_LINE):
        return catalog.text("check.at_line", line=problem.path.removeprefix(AT_LINE))
    return catalog.text("check.configuration") if problem.path == WHOLE else None


def worded(problem: Problem, catalog: Catalog) -> str:
    """The finding in words, without its place."""
    kind = kind_text(problem, catalog)
    if kind is None:
        return catalog.text(f"config.{problem.expected}", **problem.params)
    return catalog.text(EXPECTED, what=catalog.text(kind, **problem.params))


def named(kind: Kind[object], catalog: Catalog) -> str:
    """What a value of that kind looks like, for the pages."""
    text = catalog.text(f"config.kind.{kind.id}", **kind.params)
    return catalog.text("config.kind.or_empty", what=text) if kind.or_empty else text
