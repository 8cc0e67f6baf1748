"""What became of an event: moved, cancelled, or changed by some other program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from calbot.core.ask import Say
from calbot.core.changes import Change, ChangeKind, Field, Summary, summarised
from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Kind, Message, Occurrence, Status

from .card import note_lines, series_line
from .events import event_data, link_line, place_line, title, when_line
from .series import series_text
from .text import (
    NAME,
    NOTHING,
    QUOTE,
    Rich,
    blocks,
    data,
    join_link,
    joined,
    lines,
    own,
    say,
    say_n,
    strong,
    struck,
    visible,
)
from .times import when_text

_ROOM = 36_000  # bytes; mentions and encryption want some of the 64 KiB of an event, too


class Extent(Enum):
    """How much of a series is spoken of."""

    ONE = 1
    SERIES = 2
    FOLLOWING = 3

    @staticmethod
    def of(whole_series: bool, following: bool) -> Extent:
        if following:
            return Extent.FOLLOWING
        return Extent.SERIES if whole_series else Extent.ONE


_MOVED = {
    Extent.ONE: "moved.title",
    Extent.SERIES: "moved.series",
    Extent.FOLLOWING: "moved.following",
}
_CANCELLED = {
    Extent.ONE: "cancelled.title",
    Extent.SERIES: "cancelled.series",
    Extent.FOLLOWING: "cancelled.following",
}


def moved(
    reader: Reader,
    old: Occurrence,
    new: Occurrence,
    *,
    notes: Sequence[Say] = (),
    whole_series: bool = False,
    following: bool = False,
) -> Message:
    """Old and new time of an event that was moved here; of the whole series, or of one occurrence and those after it,
    that of one of them."""
    series = whole_series or following
    body = blocks(
        lines(
            say(reader, _MOVED[Extent.of(whole_series, following)], title=strong(title(reader, new))),
            say(reader, "moved.old", when=struck(when_line(reader, old.when))),
            say(reader, "moved.new", when=strong(when_line(reader, new.when))),
            series_line(reader, new) if series else NOTHING,
            place_line(reader, new),
            link_line(reader, new),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.CHANGE, body.text, body.html, {**event_data(reader, new), "old": event_data(reader, old)})


def cancelled(
    reader: Reader,
    occurrence: Occurrence,
    *,
    reason: str | None = None,
    notes: Sequence[Say] = (),
    whole_series: bool = False,
    following: bool = False,
) -> Message:
    """An event that does not take place, or the whole series of which `occurrence` is any one, or it and those after
    it."""
    name = strong(struck(title(reader, occurrence)))
    why = data(reason or "", QUOTE * 2)
    body = blocks(
        lines(
            say(reader, _CANCELLED[Extent.of(whole_series, following)], title=name),
            struck(series_line(reader, occurrence) if whole_series else when_line(reader, occurrence.when)),
            say(reader, "cancelled.reason", reason=why) if why else NOTHING,
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.CANCELLED, body.text, body.html, {**event_data(reader, occurrence), "status": "cancelled"})


def change_notice(
    reader: Reader, changes: Sequence[Change] | Summary, *, calendar_title: str = "", by: str = ""
) -> Message:
    """What other programs changed in a calendar, or only how much of it. `by`: who wrote all of it, with the bot."""
    calendar = data(calendar_title, NAME)
    name = data(by, NAME)
    if name:
        id = "change.heading_by_in" if calendar else "change.heading_by"
    else:
        id = "change.heading_in" if calendar else "change.heading"
    head = strong(say(reader, id, name=name, calendar=calendar))
    if isinstance(changes, Summary):
        counts = {"created": changes.created, "changed": changes.changed, "cancelled": changes.cancelled}
        said = (say_n(reader, f"change.count_{kind}", number) for kind, number in counts.items() if number)
        body = blocks(head, lines(joined(", ", said), say(reader, "change.see")))
        return Message(Kind.CHANGE, body.text, body.html, counts, notify=True)
    body = blocks(head, *(lines(*_change_lines(reader, change)) for change in changes))
    items = [_change_data(reader, change) for change in changes]
    part = items[0] if len(items) == 1 else {"items": items}
    if len(json.dumps([body.text, body.html, part])) > _ROOM:
        # Titles may be nothing but emoji, and what was changed must be told all the same.
        return change_notice(reader, _counted(changes), calendar_title=calendar_title, by=by)
    return Message(Kind.CHANGE, body.text, body.html, part, notify=True)


def _counted(changes: Sequence[Change]) -> Summary:
    counted = summarised(changes, few=0)
    return counted if isinstance(counted, Summary) else Summary(0, 0, 0)


def calendars_shown(reader: Reader, counts: Mapping[str, int]) -> Message:
    """That the room shows these calendars from now on, with how many events they have in the next four weeks."""
    said = [
        say_n(reader, "shown.calendar", count, calendar=strong(visible(name, NAME))) for name, count in counts.items()
    ]
    body = blocks(lines(*said), lines(say(reader, "shown.see"), say(reader, "shown.changes")))
    items = [{"calendar": name, "count": count} for name, count in counts.items()]
    return Message(Kind.OK, body.text, body.html, {"items": items})


def _change_data(reader: Reader, change: Change) -> dict[str, Any]:
    shown = change.after or change.before
    part: dict[str, Any] = {} if shown is None else event_data(reader, shown)
    part |= {"change": change.kind.value, "fields": sorted(change.fields), "count": change.count}
    if change.kind in (ChangeKind.CANCELLED, ChangeKind.REMOVED):
        part["status"] = Status.CANCELLED.value.lower()
    elif change.before is not None:
        part["old"] = event_data(reader, change.before)
    return part


def _change_lines(reader: Reader, change: Change) -> Iterator[Rich]:
    old, new = change.before or change.after, change.after or change.before
    if old is None or new is None:
        return
    name = strong(title(reader, new))
    if change.count > 1:
        name = say_n(reader, "change.several", change.count, title=name)
    when = own(when_text(reader, new.when, year=False))
    if change.kind is ChangeKind.CREATED:
        yield say(reader, "change.created", title=name, when=when)
        yield link_line(reader, new)
    elif change.kind is not ChangeKind.CHANGED:
        yield say(reader, "change.cancelled", title=struck(name), when=struck(when))
    else:
        if Field.TIME in change.fields:
            before = struck(own(when_text(reader, old.when, year=False)))
            yield say(reader, "moved.title", title=name)
            yield say(reader, "moved.old", when=before)
            yield say(reader, "moved.new", when=when)
        if not change.hidden:
            yield from _seen_changes(reader, change.fields, old, new, name, when)


def _seen_changes(
    reader: Reader, fields: frozenset[Field], old: Occurrence, new: Occurrence, name: Rich, when: Rich
) -> Iterator[Rich]:
    """What else changed of an event that is not hidden."""
    if Field.RULE in fields:
        rule = series_text(reader, new.details.rule, all_day=isinstance(new.when, AllDay)) if new.details.rule else ""
        yield (
            say(reader, "change.rule", title=name, rule=rule) if rule else say(reader, "change.rule_other", title=name)
        )
    if Field.TITLE in fields:
        yield say(reader, "change.title", title=name, when=when, old=struck(title(reader, old)))
    if Field.PLACE in fields:
        yield _place_change(reader, old, new, name, when)
    if Field.LINK in fields:
        link = join_link(new.details.link)
        id = "change.link" if link else "change.link_removed"
        yield say(reader, id, title=name, when=when, link=link)
    if Field.STATUS in fields:
        tentative = new.details.status is Status.TENTATIVE
        yield say(reader, "change.tentative" if tentative else "change.confirmed", title=name, when=when)
    if Field.ATTENDEES in fields:
        yield say(reader, "change.attendees", title=name, when=when)


def _place_change(reader: Reader, old: Occurrence, new: Occurrence, name: Rich, when: Rich) -> Rich:
    place, before = data(new.details.location), data(old.details.location)
    if not place:
        return say(reader, "change.place_removed", title=name, when=when, old=struck(before))
    if not before:
        return say(reader, "change.place_added", title=name, when=when, new=place)
    return say(reader, "change.place", title=name, when=when, old=struck(before), new=place)
