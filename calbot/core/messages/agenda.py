"""Lists of events: the agenda by day, and the next event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import AllDay, Kind, Message, Occurrence, Status, instants

from .card import series_line
from .events import calendar_line, event_data, headed, link_line, place_line, title, when_line
from .series import series_text
from .text import NAME, NOTHING, QUOTE, Rich, blocks, data, lines, own, say, say_n, strong, struck
from .times import day_text, days_of, heading_text, hours_text, instant_text, left_text


def agenda_order(reader: Reader, occurrence: Occurrence) -> tuple[datetime, datetime, str, str]:
    """The key that events of a list are sorted by: start, end, title as shown, and the uid to leave none open."""
    start, end = instants(occurrence.when, reader.zone)
    return start, end, title(reader, occurrence).text.casefold(), occurrence.uid


def agenda(
    reader: Reader,
    items: Sequence[tuple[int, Occurrence]],
    *,
    window: tuple[date, date],
    search: str | None = None,
    rest: Sequence[Occurrence] = (),
    as_of: datetime | None = None,
    with_calendar: bool = False,
    holidays: Sequence[tuple[date, str]] = (),
) -> Message:
    """Events below the days on which they begin, each with its number. `items` is sorted by `agenda_order`.

    Both days of `window` belong to it. The `rest` did not fit. `as_of`: the data is as old as that, because a
    calendar does not answer. `with_calendar`: name the calendar of each, where the room has several. With `search` an
    event may stand for its series, so the rule is said. `holidays` are the public holidays among the days.
    """
    first, last = window
    span = _span(reader, first, last)
    days = []
    by_day = groupby(items, key=lambda item: max(first, days_of(reader, item[1].when)[0]))
    for day, group in by_day:
        entries = [
            _entry(reader, number, occurrence, day, with_rule=bool(search), with_calendar=with_calendar)
            for number, occurrence in group
        ]
        days.append(lines(strong(own(heading_text(reader, day))), *entries))
    found = data(search or "", QUOTE)
    some, none = ("agenda.found", "agenda.found_none") if found else ("agenda.title", "agenda.title_none")
    heading = say(reader, some if items else none, span=own(span), search=found)
    footer = [
        _more(reader, rest, window, found),
        say(reader, "agenda.next" if items else "agenda.next_none", number=items[0][0] if items else 0),
    ]
    free = [
        say(reader, "agenda.holiday", date=own(day_text(reader, day, year=False)), name=data(name, NAME))
        for day, name in holidays
    ]
    body = blocks(lines(heading, stale(reader, as_of), *free), *days, lines(*footer))
    entries_data = [{"ref": number, **event_data(reader, occurrence)} for number, occurrence in items]
    return Message(Kind.AGENDA, body.text, body.html, {"items": entries_data})


def scheduled(agenda: Message) -> Message:
    """An agenda that comes by itself: nobody is mentioned, but it may notify."""
    return replace(agenda, notify=True)


def posted_agenda(content: Mapping[str, Any]) -> Message:
    """An agenda of the bot's own, as it was posted."""
    data = {"items": content["io.calbot"]["items"]}
    return scheduled(Message(Kind.AGENDA, content["body"], content["formatted_body"], data))


def next_meeting(
    reader: Reader, occurrence: Occurrence | None, *, calendar_title: str = "", as_of: datetime | None = None
) -> Message:
    """The event that comes next or is going on, and how long until it begins."""
    if occurrence is None:
        body = blocks(lines(say(reader, "next.none"), say(reader, "agenda.next_none")), stale(reader, as_of))
        return Message(Kind.AGENDA, body.text, body.html, {"items": []})
    start, end = instants(occurrence.when, reader.zone)
    if start <= reader.now < end:
        head = say(reader, "next.running", title=headed(reader, occurrence), until=own(instant_text(reader, end)))
    else:
        left = own(left_text(reader, start))
        head = say(reader, "next.title", title=headed(reader, occurrence), left=left)
    facts = lines(
        head,
        when_line(reader, occurrence.when),
        series_line(reader, occurrence),
        place_line(reader, occurrence),
        link_line(reader, occurrence),
        calendar_line(reader, calendar_title),
    )
    body = blocks(facts, stale(reader, as_of))
    return Message(Kind.MEETING, body.text, body.html, event_data(reader, occurrence))


def stale(reader: Reader, as_of: datetime | None) -> Rich:
    """That what is shown is not fresh, because a calendar server does not answer."""
    return NOTHING if as_of is None else say(reader, "agenda.stale", time=own(instant_text(reader, as_of)))


def _span(reader: Reader, first: date, last: date) -> str:
    if first == last:
        return day_text(reader, first, year=False)
    catalog = reader.catalog
    return catalog.text(
        "when.day_span", first=day_text(reader, first, year=False), last=day_text(reader, last, year=False)
    )


def _more(reader: Reader, rest: Sequence[Occurrence], window: tuple[date, date], found: Rich) -> Rich:
    """How many did not fit, and the command that shows them: a list from the day on which they begin to the end of this
    one, unless it would be this one again."""
    first, last = window
    days = [max(first, days_of(reader, one.when)[0]) for one in rest]
    here = sum(day == first for day in days)
    shown = [] if not here else [say_n(reader, "agenda.more_today", here)]
    if here < len(rest):
        span = own(_typed_span(reader, min(day for day in days if day != first), last))
        id = "agenda.more_found" if found else "agenda.more"
        shown.append(say_n(reader, id, len(rest) - here, days=span, search=found))
    return lines(*shown)


def _typed_span(reader: Reader, first: date, last: date) -> str:
    """Days as they can be typed."""
    year = last.year != reader.today.year
    begins, ends = (day_text(reader, day, year=year) for day in (first, last))
    return begins if first == last else reader.catalog.text("agenda.more_days", first=begins, last=ends)


def _entry(
    reader: Reader, number: int, occurrence: Occurrence, day: date, *, with_rule: bool, with_calendar: bool
) -> Rich:
    details = occurrence.details
    name = title(reader, occurrence)
    if with_rule and details.rule and not details.hidden:
        rule = series_text(reader, details.rule, all_day=isinstance(occurrence.when, AllDay))
        name = say(reader, "agenda.in_series", title=name, rule=own(rule)) if rule else name
    if details.status is Status.CANCELLED:
        name = say(reader, "agenda.cancelled", title=struck(name))
    elif details.status is Status.TENTATIVE:
        name = say(reader, "agenda.tentative", title=name)
    if details.location and not details.hidden and details.location.strip() != details.link.strip():
        name = say(reader, "agenda.at_place", title=name, place=data(details.location, NAME))
    if with_calendar:
        name = say(reader, "agenda.in_calendar", title=name, calendar=data(occurrence.calendar, NAME))
    hours = own(hours_text(reader, occurrence.when, day))
    return say(reader, "agenda.entry", number=number, hours=hours, title=name)
