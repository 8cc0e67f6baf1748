"""What was taken back."""

from __future__ import annotations

from collections.abc import Sequence

from calbot.core.ask import Say
from calbot.core.i18n import Reader
from calbot.core.model import Details, Kind, Message, Occurrence
from calbot.core.poll_model import Poll

from .card import note_lines, series_line
from .changes import Extent
from .editing import differences, people_lines
from .events import event_data, link_line, place_line, title, when_line
from .text import NOTHING, Rich, blocks, clean, lines, say, strong, struck, visible

_EDITED = {
    Extent.ONE: "undo.edit_title",
    Extent.SERIES: "undo.edit_series",
    Extent.FOLLOWING: "undo.edit_following",
}


def undone_new(reader: Reader, gone: Occurrence, *, notes: Sequence[Say] = ()) -> Message:
    """An event that was written is deleted again."""
    body = blocks(
        lines(
            say(reader, "undo.new", title=strong(struck(title(reader, gone)))),
            struck(_time(reader, gone, whole_series=bool(gone.details.rule))),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.CANCELLED, body.text, body.html, {**event_data(reader, gone), "status": "cancelled"})


def undone_move(
    reader: Reader, moved: Occurrence, back: Occurrence, *, notes: Sequence[Say] = (), whole_series: bool = False
) -> Message:
    """An event is back at the time it was moved from."""
    body = blocks(
        lines(
            say(reader, "undo.move_series" if whole_series else "undo.move", title=strong(title(reader, back))),
            say(reader, "moved.old", when=struck(when_line(reader, moved.when))),
            say(reader, "moved.new", when=strong(when_line(reader, back.when))),
            place_line(reader, back),
            link_line(reader, back),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.CHANGE, body.text, body.html, {**event_data(reader, back), "old": event_data(reader, moved)})


def undone_edit(
    reader: Reader,
    back: Occurrence,
    *,
    changed: tuple[Details, Details] | None = None,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    notes: Sequence[Say] = (),
    whole_series: bool = False,
    following: bool = False,
) -> Message:
    """An event says again what it said before. `changed`: that before it was taken back, and after; `added` and
    `removed` are the names of those who are on it again, and not any more."""
    shown = [] if changed is None else list(differences(reader, *changed))
    moved_place = changed is not None and changed[0].location != changed[1].location
    body = blocks(
        lines(
            say(reader, _EDITED[Extent.of(whole_series, following)], title=strong(title(reader, back))),
            _time(reader, back, whole_series=whole_series or following),
            *shown,
            *people_lines(reader, added, removed),
            NOTHING if moved_place else place_line(reader, back),
            link_line(reader, back),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.CHANGE, body.text, body.html, event_data(reader, back))


def undone_cancel(
    reader: Reader, back: Occurrence, *, notes: Sequence[Say] = (), whole_series: bool = False
) -> Message:
    """A cancelled event takes place after all."""
    body = blocks(
        lines(
            say(reader, "undo.cancel", title=strong(title(reader, back))),
            _time(reader, back, whole_series=whole_series),
            place_line(reader, back),
            link_line(reader, back),
        ),
        note_lines(reader, notes),
    )
    return Message(Kind.OK, body.text, body.html, event_data(reader, back))


def undone_booking(reader: Reader, poll: Poll, gone: Occurrence, *, notes: Sequence[Say] = ()) -> Message:
    """The event that a poll had become is deleted; the poll stays closed."""
    body = blocks(
        lines(
            say(reader, "undo.booking", title=strong(struck(visible(poll.title)))),
            struck(when_line(reader, gone.when)),
        ),
        say(reader, "undo.booking_how"),
        note_lines(reader, notes),
    )
    part = {**event_data(reader, gone), "status": "cancelled", "poll": poll.start_event, "title": clean(poll.title)}
    return Message(Kind.CANCELLED, body.text, body.html, part)


def _time(reader: Reader, occurrence: Occurrence, *, whole_series: bool) -> Rich:
    rule = series_line(reader, occurrence) if whole_series else NOTHING
    return lines(when_line(reader, occurrence.when), rule)
