"""Single objects of a calendar: read, created, replaced, deleted.

Nothing here trusts a status alone: servers say 412 for taken UIDs and invalid data, answer with login pages, overwrite
in spite of If-None-Match, and rewrite what they store. So a place is looked at before it is written and read after.
"""

from __future__ import annotations

import asyncio
from typing import Final

from calbot.core.ical import is_same_version, uid_of
from calbot.core.model import CalendarObject, Etag, Href, Uid
from calbot.errors import CalendarReadOnly, CalendarUnavailable, PreconditionFailed

from . import facts, fetching
from .accounts import Answer
from .errors import AnswerLost
from .place import Place, conditions, strong, text_of

# A refusal that names one of these is about the object's place, any other about its contents (RFC 4791, 5.3.2.1; RFC
# 6638, 3.2.4.1).
_PLACE_TAKEN: Final = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
_CONTENTS_REFUSED: Final = frozenset(
    {
        "valid-calendar-data",
        "valid-calendar-object-resource",
        "supported-calendar-data",
        "supported-calendar-component",
        "max-resource-size",
        "min-date-time",
        "max-date-time",
        "max-instances",
        "max-attendees-per-instance",
    }
)


class NotOurs(CalendarReadOnly):
    """A new object was refused for want of rights: so will be any other in that calendar."""


async def read(place: Place, href: Href) -> CalendarObject | None:
    """The object as the server has it now, with a strong ETag if there is one; None if it is not there."""
    answer = await place.request("GET", place.url_of(href))
    if answer.status in (404, 410):
        return None
    if answer.status != 200 or "html" in answer.headers.get("content-type", ""):
        raise answer.error() if answer.status != 200 else CalendarUnavailable("calendar_nonsense")
    if etag := strong(answer.headers.get("etag")):
        return CalendarObject(href, etag, text_of(answer.body))
    # Behind a proxy that compresses, only the ETag inside the XML is the server's own.
    fetched = await fetching.fetch(place, [href])
    if fetched.failed:
        raise CalendarUnavailable("calendar_nonsense")
    return fetched.objects[0] if fetched.objects else None


async def create(place: Place, href: Href, data: str) -> CalendarObject:
    uid = await asyncio.to_thread(uid_of, data)
    # Not every server heeds If-None-Match, and this may be a repeat.
    if (there := await read(place, href)) is not None:
        return await _ours(there, uid)
    try:
        answer = await place.put(href, data, {"If-None-Match": "*"})
    except AnswerLost:
        if (there := await read(place, href)) is None:
            raise
        return await _ours(there, uid)
    if answer.status == 412 and not conditions(answer) & _CONTENTS_REFUSED:
        if (there := await read(place, href)) is not None:
            return await _ours(there, uid)
        raise PreconditionFailed
    if answer.status in (403, 405) and conditions(answer) <= {"error", "need-privileges", "resource", "href"}:
        # Cyrus says the same where there is no calendar at all.
        raise NotOurs(calendar=place.calendar) if await _exists(place) else CalendarUnavailable("calendar_missing")
    return await _stored(place, href, data, answer)


async def update(place: Place, href: Href, data: str, etag: Etag | None) -> CalendarObject:
    if etag is None:
        there = await read(place, href)
        if there is None:
            raise PreconditionFailed
        etag = there.etag
    try:
        answer = await place.put(href, data, {"If-Match": etag or "*"})
    except AnswerLost:
        there = await read(place, href)
        if there is None or not await _is_ours(there, data):
            raise
        return there
    if answer.status in (404, 410):
        raise PreconditionFailed
    if answer.status == 412 and not conditions(answer) & _CONTENTS_REFUSED:
        there = await read(place, href)
        if there is None or not await _is_ours(there, data):
            raise PreconditionFailed
        return there
    return await _stored(place, href, data, answer)


async def delete(place: Place, href: Href, etag: Etag | None) -> None:
    headers = {"If-Match": etag} if etag else {}
    try:
        answer = await place.request("DELETE", place.url_of(href), headers=headers)
    except AnswerLost:
        if await read(place, href) is None:
            return
        raise
    if answer.status in (404, 410) or 200 <= answer.status < 300:
        return
    if answer.status == 412:
        if await read(place, href) is None:
            return
        raise PreconditionFailed
    if answer.status == 403:
        raise CalendarReadOnly(calendar=place.calendar)
    raise answer.error()


async def _stored(place: Place, href: Href, data: str, answer: Answer) -> CalendarObject:
    """What lies there after a PUT: servers rewrite objects, and some then keep the ETag to themselves."""
    if not 200 <= answer.status < 300:
        raise _refusal(place, answer)
    # A server may store an object under another name than it was given, and says so (RFC 9110, 10.2.2).
    href = place.named(answer.headers.get("location", "")) or href
    try:
        there = await read(place, href)
    except CalendarUnavailable:
        there = None  # it was stored, which is what counts; the next sync brings it as it is
    return there or CalendarObject(href, strong(answer.headers.get("etag")), data)


async def _exists(place: Place) -> bool:
    try:
        return (await facts.probe(place)).exists
    except CalendarUnavailable:
        return True  # as far as is known


async def _ours(there: CalendarObject, uid: Uid | None) -> CalendarObject:
    if uid is None or await asyncio.to_thread(uid_of, there.data) != uid:
        raise PreconditionFailed
    return there


async def _is_ours(there: CalendarObject, data: str) -> bool:
    return await asyncio.to_thread(is_same_version, there.data, data)


def _refusal(place: Place, answer: Answer) -> Exception:
    failed = conditions(answer)
    if failed & _PLACE_TAKEN:
        return PreconditionFailed()
    if failed & _CONTENTS_REFUSED or answer.status in (412, 413, 415):
        return CalendarUnavailable("calendar_refused", status=answer.status)
    if answer.status in (403, 405):
        return CalendarReadOnly(calendar=place.calendar)
    if answer.status == 409:
        return CalendarUnavailable("calendar_missing")
    return answer.error()
