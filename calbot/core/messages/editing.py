"""What somebody changed about an event by command: old and new, or that somebody else came in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import Details, Kind, Message, Occurrence, When
from calbot.errors import Code

from .card import names, note_lines
from .changes import Extent
from .events import event_data, headed, place_line, title, when_line
from .text import NAME, NOTHING, QUOTE, TITLE, Rich, blocks, lines, say, strong, struck, visible


@dataclass(frozen=True, slots=True)
class _Field:
    """Catalog ids about one of the texts of an event."""

    changed: str
    added: str
    removed: str
    without: str


_TITLE = _Field("edited.name", "edited.name_added", "edited.name_removed", "overlap.without_name")
_PLACE = _Field("edited.place", "edited.place_added", "edited.place_removed", "overlap.without_place")
_DESCRIPTION = _Field("edited.text", "edited.text_added", "edited.text_removed", "overlap.without_text")
_EDITED = {
    Extent.ONE: "edited.title",
    Extent.SERIES: "edited.series",
    Extent.FOLLOWING: "edited.following",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wanted an event to be like; None: as it is, an empty text: without it."""

    when: When | None = None
    title: str | None = None
    location: str | None = None
    description: str | None = None
    cancelled: bool = False


def edited(
    reader: Reader,
    old: Occurrence,
    new: Occurrence,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    notes: Sequence[Say] = (),
    whole_series: bool = False,
    following: bool = False,
) -> Message:
    """What is different about an event; `added` and `removed` are names. Of a hidden one, only that something is."""
    head = say(reader, _EDITED[Extent.of(whole_series, following)], title=strong(title(reader, new)))
    shown = () if old.details.hidden or new.details.hidden else differences(reader, old.details, new.details)
    people = people_lines(reader, added, removed)
    body = blocks(
        lines(head, when_line(reader, new.when), *shown, *(() if new.details.hidden else people)),
        note_lines(reader, notes),
    )
    return Message(Kind.CHANGE, body.text, body.html, {**event_data(reader, new), "old": event_data(reader, old)})


def overlapping(reader: Reader, theirs: Occurrence, wanted: Wanted) -> Message:
    """That somebody else has changed the same of an event: their version, and the one that was not written."""
    body = blocks(
        say(reader, "overlap.head"),
        lines(
            say(reader, "overlap.theirs", title=headed(reader, theirs)),
            when_line(reader, theirs.when),
            place_line(reader, theirs),
            _text(reader, "overlap.description", theirs.details.description) if wanted.description else NOTHING,
        ),
        lines(say(reader, "overlap.mine"), *_wanted(reader, wanted, hidden=theirs.details.hidden)),
        say(reader, "overlap.again"),
    )
    part = {"code": Code.CONFLICT.value, "current": event_data(reader, theirs)}
    return Message(Kind.ERROR, body.text, body.html, part)


def differences(reader: Reader, before: Details, after: Details) -> Iterator[Rich]:
    """The texts of an event that are different, each as it was and as it is."""
    fields = (
        (_TITLE, before.title, after.title, TITLE),
        (_PLACE, before.location, after.location, TITLE),
        (_DESCRIPTION, before.description, after.description, QUOTE),
    )
    for field, was, is_now, limit in fields:
        if was == is_now:
            continue
        if not was:
            yield say(reader, field.added, new=visible(is_now, limit))
        elif not is_now:
            yield say(reader, field.removed, old=struck(visible(was, limit)))
        else:
            yield say(reader, field.changed, old=struck(visible(was, limit)), new=strong(visible(is_now, limit)))


def people_lines(reader: Reader, added: Sequence[str], removed: Sequence[str]) -> Iterator[Rich]:
    """Who is on an event since, and who is not any more, by their names."""
    for id, people in (("edited.added", added), ("edited.removed", removed)):
        if people:
            yield say(reader, id, names=names(reader, [visible(name, NAME) for name in people]))


def _wanted(reader: Reader, wanted: Wanted, *, hidden: bool) -> Iterator[Rich]:
    if wanted.when is not None:
        yield when_line(reader, wanted.when)
    if wanted.cancelled:
        yield say(reader, "overlap.cancel")
    if hidden:
        return
    for field, text in ((_TITLE, wanted.title), (_PLACE, wanted.location), (_DESCRIPTION, wanted.description)):
        if text:
            yield say(reader, field.added, new=visible(text, QUOTE))
        elif text is not None:
            yield say(reader, field.without)


def _text(reader: Reader, id: str, text: str) -> Rich:
    return say(reader, id, text=visible(text, QUOTE)) if text else NOTHING
