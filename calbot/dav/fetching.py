"""Objects of a calendar in lots, by calendar-multiget (RFC 4791, 7.9): one that is no good harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from calbot.core.model import CalendarObject, Fetched, Href
from calbot.errors import CalendarUnavailable

from . import xml
from .errors import AnswerLost, TooLarge
from .place import Place, strong, text_of

_LOT: Final = 100  # objects of one multiget
# Failures in a row after which it is the server that fails, and not at one of the objects: more than it takes to find
# one among a lot by halves.
_MOST: Final = 10
_GONE: Final = frozenset({404, 410})
_NO_MULTIGET: Final = frozenset({405, 501})


@dataclass(slots=True)
class _Search:
    """What was found of the objects asked for."""

    place: Place
    objects: list[CalendarObject] = field(default_factory=list)
    failed: set[Href] = field(default_factory=set)
    in_a_row: int = 0

    def fails(self, error: CalendarUnavailable) -> None:
        self.in_a_row += 1
        if self.in_a_row > _MOST:
            raise error


async def fetch(place: Place, hrefs: Sequence[Href]) -> Fetched:
    """The objects that are still there."""
    search = _Search(place)
    for begin in range(0, len(hrefs), _LOT):
        await _look_for(search, hrefs[begin : begin + _LOT])
    return Fetched(tuple(search.objects), frozenset(search.failed))


async def _look_for(search: _Search, hrefs: Sequence[Href]) -> None:
    """Ask for all at once, again for those that nothing was said of, and by halves where that fails as a whole."""
    left = list(hrefs)
    while left:
        try:
            answered = await _multiget(search, left)
        except (_Whole, TooLarge, xml.NotXml) as error:
            search.fails(error)
            break
        except AnswerLost as error:
            if error.reason == "calendar_timeout":
                raise
            search.fails(error)
            break
        if not answered:
            return  # some servers leave out what is gone
        left = [href for href in left if unquote(href) not in answered]
    if len(left) > 1:
        middle = len(left) // 2
        await _look_for(search, left[:middle])
        await _look_for(search, left[middle:])
    elif left:
        await _get(search, left[0])


class _Whole(CalendarUnavailable):
    """A request for several objects failed, which may be because of one of them."""


async def _multiget(search: _Search, hrefs: Sequence[Href]) -> frozenset[str]:
    """Which of them were answered, without their escapes: servers do not always spell an href as they were asked."""
    place = search.place
    answer = await place.request("REPORT", place.url, body=xml.calendar_multiget(map(place.path_of, hrefs)))
    if answer.status in _NO_MULTIGET:
        for href in hrefs:
            await _get(search, href)
        return frozenset(map(unquote, hrefs))
    if answer.status != 207:
        error = answer.error()
        if answer.status in (403, *_GONE):
            raise error
        raise _Whole(error.reason) from error
    found = await place.members(answer)
    search.in_a_row = 0
    asked = {unquote(href): href for href in hrefs}
    answered: set[str] = set()
    for given, resource in found.members:
        name = unquote(given or "")
        if name not in asked or name in answered:
            continue
        answered.add(name)
        if data := resource.texts.get(xml.CALENDAR_DATA):
            search.objects.append(CalendarObject(asked[name], strong(resource.texts.get(xml.GETETAG)), data))
        elif resource.status not in _GONE:
            await _get(search, asked[name])
    return frozenset(answered)


async def _get(search: _Search, href: Href) -> None:
    """One object by itself, as it is."""
    answer = await search.place.request("GET", search.place.url_of(href))
    if answer.status in _GONE:
        return
    if answer.status == 200 and "html" not in answer.headers.get("Content-Type", ""):
        search.in_a_row = 0
        search.objects.append(CalendarObject(href, strong(answer.headers.get("ETag")), text_of(answer.body)))
        return
    search.fails(answer.error())
    search.failed.add(href)
