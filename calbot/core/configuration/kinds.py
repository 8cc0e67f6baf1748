"""What a value of the configuration has to look like: a kind reads it, and is what texts and pages say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .findings import Unexpected

T = TypeVar("T")
E = TypeVar("E")


class Mismatch(Exception):
    """A value is not of the kind that it is read as. What was expected, the kind itself says."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """Reads a value, or raises `Unexpected`. `id` is the text below ``config.kind.`` that names it, for findings and
    for the pages alike; `params` go into that."""

    id: str
    convert: Callable[[object], T]
    params: Mapping[str, str] = field(default_factory=dict)
    or_empty: bool = False

    def __call__(self, value: object) -> T:
        try:
            return self.convert(value)
        except Mismatch:
            raise Unexpected(f"expected_{self.id}", **self.params) from None


def kind(id: str, **params: str) -> Callable[[Callable[[object], T]], Kind[T]]:
    """Makes a kind of a function that raises `Mismatch`, or `Unexpected` where it knows better what is wrong."""

    def made(convert: Callable[[object], T]) -> Kind[T]:
        return Kind(id, convert, params)

    return made


def or_empty(kind: Kind[T], empty: E) -> Kind[T | E]:
    """The same, where an empty text stands for `empty`."""
    return Kind(kind.id, lambda value: empty if value == "" else kind.convert(value), kind.params, or_empty=True)
