"""What changed: in the listing of a calendar, and in an event as people see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .model import AllDay, Attendee, Delta, Etag, Href, Occurrence, PartStat, Status, Uid, When, instants

_FEW = 5  # announced one by one; more come as a summary


class ListingChanges(NamedTuple):
    to_fetch: tuple[Href, ...]
    gone: tuple[Href, ...]


def listing_changes(known: Mapping[Href, Etag | None], delta: Delta) -> ListingChanges:
    """Which objects have to be fetched and which are gone, in order of their paths.

    An object whose ETag is the stored one is not fetched, even if the server lists it as changed: some list too much.
    What is both listed and removed was made anew.
    """
    if delta.complete:
        gone = known.keys() - delta.listed.keys()
    else:
        gone = (known.keys() & delta.removed) - delta.listed.keys()
    to_fetch = [href for href, etag in delta.listed.items() if known.get(href) != etag]
    return ListingChanges(tuple(sorted(to_fetch)), tuple(sorted(gone)))


class ChangeKind(str, Enum):
    CREATED = "created"
    CHANGED = "changed"
    CANCELLED = "cancelled"  # still on the calendar, as cancelled
    REMOVED = "removed"


class Field(str, Enum):
    """What people see of an event."""

    TIME = "time"
    RULE = "rule"
    TITLE = "title"
    PLACE = "place"
    LINK = "link"
    STATUS = "status"
    ATTENDEES = "attendees"  # somebody was added or taken off
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one event, in one piece however many of its occurrences are affected.

    `before` and `after` are the first affected occurrence as it was and as it is; one of them is None where there is no
    such occurrence. `count` is how many are affected, `whole` whether those are all that lie ahead.
    """

    kind: ChangeKind
    uid: Uid
    before: Occurrence | None
    after: Occurrence | None
    fields: frozenset[Field] = frozenset()
    count: int = 1
    whole: bool = True

    @property
    def announced(self) -> bool:
        """Whether it is worth a message; answers are seen on the card alone."""
        return self.fields != {Field.ANSWERS}

    @property
    def hidden(self) -> bool:
        """Whether nothing but the times may be told, because that was so before or is so now."""
        return any(one is not None and one.details.hidden for one in (self.before, self.after))


@dataclass(frozen=True, slots=True)
class Summary:
    """Many changes at once, by kind; cancelled and removed ones are the same to people."""

    created: int
    changed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """An occurrence as it was and as it is; None where it does not take place."""

    before: Occurrence | None
    after: Occurrence | None
    fields: frozenset[Field]  # where they differ
    kept: bool  # still on the calendar, be it as cancelled

    @property
    def shown(self) -> tuple[Occurrence, ...]:
        return tuple(one for one in (self.before, self.after) if one is not None)

    @property
    def kind(self) -> ChangeKind | None:
        """What happened, or None if people see no difference."""
        if self.before is None:
            return None if self.after is None else ChangeKind.CREATED
        if self.after is None:
            return ChangeKind.CANCELLED if self.kept else ChangeKind.REMOVED
        return ChangeKind.CHANGED if self.fields else None


def diff(
    known: Sequence[Occurrence], new: Sequence[Occurrence], *, now: datetime, horizon: datetime, zone: ZoneInfo
) -> tuple[Change, ...]:
    """What people see changed between the stored and the new occurrences of one object: nothing, or as a rule one
    change.

    `horizon` is up to where `known` was expanded: what a series has beyond it is not new. What is over, before and
    after, is of no interest. `new` has to reach at least as far as `known`, and hold a single event wherever it lies.
    """
    was = {one.recurrence_id: one for one in known}
    is_now = {one.recurrence_id: one for one in new}
    pairs = [
        _pair(before, after, zone)
        for before, after in ((was.get(name), is_now.get(name)) for name in was.keys() | is_now.keys())
        if any(one is not None and _is_ahead(one, now, horizon, zone) for one in (before, after))
    ]
    taking_place = sorted(
        (pair for pair in pairs if pair.shown), key=lambda pair: instants(pair.shown[0].when, zone)[0]
    )
    affected: dict[ChangeKind, list[_Pair]] = {}
    for pair in taking_place:
        if (kind := pair.kind) is not None:
            affected.setdefault(kind, []).append(pair)
    return tuple(
        _change(kind, same, zone, whole=len(same) == len(taking_place)) for kind, same in _merged(affected).items()
    )


def summarised(changes: Iterable[Change], *, few: int = _FEW) -> tuple[Change, ...] | Summary:
    """The changes that are worth a message, or their number by kind where there are more than a few."""
    announced = tuple(change for change in changes if change.announced)
    if len(announced) <= few:
        return announced
    kinds = [change.kind for change in announced]
    return Summary(
        created=kinds.count(ChangeKind.CREATED),
        changed=kinds.count(ChangeKind.CHANGED),
        cancelled=kinds.count(ChangeKind.CANCELLED) + kinds.count(ChangeKind.REMOVED),
    )


def _merged(affected: Mapping[ChangeKind, list[_Pair]]) -> Mapping[ChangeKind, list[_Pair]]:
    """The kinds that people take for one: occurrences that go while others come are a series that was moved, and what a
    new rule adds or takes away is told with the rule."""
    gone = affected.get(ChangeKind.REMOVED, [])
    came = affected.get(ChangeKind.CREATED, [])
    changed = affected.get(ChangeKind.CHANGED, [])
    ruled = any(Field.RULE in pair.fields for pair in changed)
    if not (gone and came) and not (ruled and (gone or came)):
        return affected
    merged = {ChangeKind.CHANGED: [*changed, *gone, *came]}
    if ChangeKind.CANCELLED in affected:
        merged[ChangeKind.CANCELLED] = affected[ChangeKind.CANCELLED]
    return merged


def _change(kind: ChangeKind, pairs: Sequence[_Pair], zone: ZoneInfo, *, whole: bool) -> Change:
    befores = [pair.before for pair in pairs if pair.before is not None]
    afters = [pair.after for pair in pairs if pair.after is not None]
    gone = next((pair.before for pair in pairs if pair.after is None), None)
    came = next((pair.after for pair in pairs if pair.before is None), None)
    return Change(
        kind=kind,
        uid=(befores or afters)[0].uid,
        before=next(iter(befores), None),
        after=next(iter(afters), None),
        fields=_fields(gone, came, zone).union(*(pair.fields for pair in pairs)),
        count=max(len(befores), len(afters)),
        whole=whole,
    )


def _pair(before: Occurrence | None, after: Occurrence | None, zone: ZoneInfo) -> _Pair:
    was, is_now = _taking_place(before), _taking_place(after)
    return _Pair(was, is_now, _fields(was, is_now, zone), kept=after is not None)


def _fields(before: Occurrence | None, after: Occurrence | None, zone: ZoneInfo) -> frozenset[Field]:
    """Where two occurrences differ to those who see them. Of a hidden one that is its time."""
    if before is None or after is None:
        return frozenset()
    old, new = before.details, after.details
    differs = {Field.TIME: _shown_time(before.when, zone) != _shown_time(after.when, zone)}
    if not old.hidden and not new.hidden:
        was, is_now = _answers(old.attendees), _answers(new.attendees)
        differs |= {
            Field.RULE: old.rule != new.rule,
            Field.TITLE: old.title != new.title,
            Field.PLACE: old.location != new.location,
            Field.LINK: old.link != new.link,
            Field.STATUS: old.status is not new.status,
            Field.ATTENDEES: was.keys() != is_now.keys(),
            Field.ANSWERS: any(was[name] is not is_now[name] for name in was.keys() & is_now.keys()),
        }
    return frozenset(field for field, different in differs.items() if different)


def _shown_time(when: When, zone: ZoneInfo) -> tuple[bool, float, float]:
    """As instants: in the hour that a clock change repeats, times compare by the clock within a zone, and are never
    equal to those of another (PEP 495)."""
    start, end = instants(when, zone)
    return isinstance(when, AllDay), start.timestamp(), end.timestamp()


def _answers(attendees: Iterable[Attendee]) -> Mapping[str, PartStat]:
    return {one.address or one.user or one.name: one.partstat for one in attendees}


def _taking_place(occurrence: Occurrence | None) -> Occurrence | None:
    return None if occurrence is None or occurrence.details.status is Status.CANCELLED else occurrence


def _is_ahead(occurrence: Occurrence, now: datetime, horizon: datetime, zone: ZoneInfo) -> bool:
    start, end = instants(occurrence.when, zone)
    return (end > now or start >= now) and (occurrence.recurrence_id is None or start < horizon)
