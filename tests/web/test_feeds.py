"""Feeds, from the command to what a calendar program gets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.model import Kind, RoomFacts, RoomId, UserId
from calbot.core.preferences import KEPT_WITHOUT_BOT
from calbot.core.rate_limits import Rate
from calbot.core.settings import MapRights, Show, Web
from calbot.errors import ChatForbidden, StorageUnavailable
from calbot.matrix import handlers
from calbot.matrix.timeline import StateChange
from calbot.services import subscribing
from calbot.web.limits import Addresses
from tests.core.strict_ical import faults
from tests.core.test_ical_subscribing import events_in
from tests.services.conftest import ANNA, BEN, CALENDAR, LOG, ROOM

from .conftest import DIRECT, Site


async def meet(site: Site, title: str = "Haushalt", when: str = "morgen 10-11") -> None:
    await site.office.says(f'!meet neu "{title}" {when} ort:Rathaus')


async def titles(site: Site, path: str) -> list[str]:
    response = await site.get(path)
    assert response.status == 200
    text = (await response.read()).decode()
    assert faults(text) == []
    return sorted(str(event["SUMMARY"]) for event in events_in(text))


async def test_the_link_is_given_in_the_direct_chat_and_the_room_is_told_so(site: Site) -> None:
    (link, said) = await site.office.says("!meet abo")
    assert (said.kind, dict(said.data)) == (Kind.OK, {})
    assert "Direktchat" in said.text
    assert "/feed/" not in said.text
    room = site.office.chat.posted[-2].room
    assert room != ROOM
    assert site.office.chat.rooms[room].encrypted
    assert site.office.chat.rooms[room].invited == {ANNA}
    assert str(link.data["feed"]).startswith(f"{site.base}feed/")
    assert str(link.data["feed"]) in link.text
    assert link.discloses
    assert "Verschlüsselung" in link.text


async def test_it_opens_and_says_what_it_is(site: Site) -> None:
    await meet(site)
    path = await site.subscribe()
    response = await site.get(path)
    assert (response.status, response.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    text = (await response.read()).decode()
    assert faults(text) == []
    (event,) = events_in(text)
    assert (event["SUMMARY"], event["LOCATION"]) == ("Haushalt", "Rathaus")
    assert event["DTSTART"].dt.isoformat() == "2026-11-25T10:00:00+01:00"
    assert "anna" not in text
    assert "ATTENDEE" not in text


async def test_in_a_direct_chat_the_link_is_the_answer(site: Site) -> None:
    site.office.chat.add_room(DIRECT, ANNA)
    (link,) = await site.office.says("!meet feed", room=DIRECT)
    assert (await site.get(str(link.data["feed"])[len(site.base) :])).status == 200


async def test_nor_is_there_one_in_a_direct_chat_to_a_room_that_anybody_may_come_into(site: Site) -> None:
    site.office.chat.rooms[ROOM].facts = RoomFacts(join_rule="public")
    site.office.chat.add_room(DIRECT, ANNA)
    (refused,) = await site.office.says("!meet feed", room=DIRECT)
    assert (refused.kind, refused.data["code"]) == (Kind.ERROR, "not_mapped")


async def test_nobody_is_shown_a_link_again_and_another_ends_it(site: Site) -> None:
    first = await site.subscribe()
    (known,) = await site.office.says("!meet abo")
    assert "/feed/" not in known.text
    assert "abo neu" in known.text
    assert (await site.get(first)).status == 200
    second = await site.subscribe(text="!meet abo neu")
    assert second != first
    assert (await site.get(first)).status == 404
    assert (await site.get(second)).status == 200


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_command_that_is_repeated_gives_the_same_link(site: Site, lost: int) -> None:
    site.office.chat.add_room(DIRECT, ANNA)
    await site.office.says("!meet hilfe", room=DIRECT)
    said = site.office.chat.says(ROOM, ANNA, "!meet abo")
    site.office.chat.lose_answers(lost)
    await site.office.deliver(said)
    posted = [one.message for one in site.office.chat.posted if one.message is not None]
    links = [str(message.data["feed"]) for message in posted if "feed" in message.data]
    assert len(links) == 1
    assert (await site.get(links[0][len(site.base) :])).status == 200


async def test_each_person_has_their_own_which_ends_when_they_leave(site: Site) -> None:
    hers, his = await site.subscribe(ANNA), await site.subscribe(BEN)
    assert hers != his
    site.office.chat.put_out(ROOM, BEN)
    assert (await site.get(his)).status == 200, "as it was known a minute ago"
    site.office.clock.advance(timedelta(seconds=61))
    assert (await site.get(his)).status == 404
    assert (await site.get(hers)).status == 200
    site.office.chat.enter(ROOM, BEN)
    site.office.clock.advance(timedelta(seconds=61))
    assert (await site.get(his)).status == 404, "also when they are back"


@pytest.mark.parametrize("membership", ["leave", "ban"])
async def test_that_somebody_left_ends_it_at_once(site: Site, membership: str) -> None:
    his = await site.subscribe(BEN)
    site.office.chat.put_out(ROOM, BEN)
    await site.office.handlers.on_state(StateChange(ROOM, "m.room.member", BEN, BEN, {"membership": membership}))
    assert (await site.get(his)).status == 404
    assert await site.office.world.stores.feeds.of(BEN) == []


async def test_that_somebody_left_ends_it_though_the_database_was_away_just_then(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = site.office.world.stores.feeds
    end, failures = feeds.end, [StorageUnavailable()]

    async def once_locked(person: UserId, room: RoomId) -> None:
        if failures:
            raise failures.pop()
        await end(person, room)

    await site.subscribe(BEN)
    monkeypatch.setattr(feeds, "end", once_locked)
    monkeypatch.setattr(handlers, "_FIRST_DELAY", 0.0)
    await site.office.handlers.on_state(StateChange(ROOM, "m.room.member", BEN, BEN, {"membership": "leave"}))
    assert await feeds.of(BEN) == []


async def test_that_the_bot_is_put_out_ends_nothing_for_good(site: Site) -> None:
    path = await site.subscribe()
    site.office.chat.kick(ROOM)
    site.office.clock.advance(timedelta(seconds=61))
    assert (await site.get(path)).status == 404
    site.office.chat.enter(ROOM, site.office.chat.user)
    site.office.clock.advance(timedelta(seconds=61))
    assert (await site.get(path)).status == 200


@pytest.mark.parametrize("missing", ["room", "calendar"])
async def test_what_is_missing_from_the_configuration_for_a_while_suspends_it(site: Site, missing: str) -> None:
    path = await site.subscribe()
    settings = site.office.world.settings
    rooms, calendars = settings.rooms, settings.calendars
    site.office.change(rooms={}, calendars={} if missing == "calendar" else calendars)
    await site.office.resume()
    site.switch()
    assert (await site.get(path)).status == 404
    site.office.change(rooms=rooms, calendars=calendars)
    await site.office.resume()
    site.switch()
    assert (await site.get(path)).status == 200


async def test_it_ends_when_the_calendar_is_disconnected_in_the_room(site: Site) -> None:
    calendars = site.office.world.settings.calendars
    free = replace(calendars[CALENDAR], map=MapRights(users=frozenset({ANNA})))
    site.office.change(rooms={}, calendars={CALENDAR: free})
    await site.office.resume()
    for text in (f"!meet verbinde {CALENDAR}", "!meet 1"):
        await site.office.says(text)
    site.switch()
    path = await site.subscribe()
    assert (await site.get(path)).status == 200
    site.office.change(calendars={})
    await site.office.resume()
    site.switch()
    assert (await site.get(path)).status == 404
    site.office.change(calendars={CALENDAR: free})
    await site.office.resume()
    site.switch()
    assert (await site.get(path)).status == 200
    await site.office.says(f"!meet trenne {CALENDAR}")
    assert await site.office.world.stores.feeds.of(ANNA) == []
    for text in (f"!meet verbinde {CALENDAR}", "!meet 1"):
        await site.office.says(text)
    assert (await site.get(path)).status == 404


async def test_it_ends_with_a_room_that_the_bot_does_not_come_back_to(site: Site) -> None:
    path = await site.subscribe()
    site.office.chat.kick(ROOM)
    await site.office.handlers.on_left(ROOM)
    await site.office.pass_time(KEPT_WITHOUT_BOT + timedelta(hours=1))
    site.office.chat.enter(ROOM, site.office.chat.user)
    await site.office.resume()
    assert ROOM in site.office.world.settings.rooms
    assert (await site.get(path)).status == 404


async def test_feeds_that_are_switched_off_are_refused_and_lead_nowhere(site: Site) -> None:
    path = await site.subscribe()
    site.office.change(web=Web(feeds=False))
    site.switch()
    assert (await site.get(path)).status == 404
    (refused,) = await site.office.says("!meet abo neu")
    assert refused.data["code"] == "forbidden"
    (help,) = await site.office.says("!meet hilfe alles")
    assert "abo" not in help.text


@pytest.mark.parametrize(
    "address", ["/_matrix/maubot/plugin/meet/", "https://example.com/_matrix/maubot/plugin/meet/", "bot.example.org/x/"]
)
async def test_without_an_address_of_its_own_it_offers_none_and_says_why(site: Site, address: str) -> None:
    """maubot's configuration begins with an address that is an example, and links led there."""
    office = site.office
    assert "no_public_url" not in (await office.says("!meet zustand"))[0].data["notes"]
    office.world = replace(office.world, address=address)
    office.handlers = type(office.handlers)(office.world, LOG)
    (refused,) = await office.says("!meet abo")
    assert refused.data["code"] == "forbidden"
    (status,) = await office.says("!meet zustand")
    assert "no_public_url" in status.data["notes"]
    assert "server.public_url" in status.text
    office.change(web=Web(feeds=False))
    assert "no_public_url" not in (await office.says("!meet zustand"))[0].data["notes"]


@pytest.mark.parametrize(
    "path", ["feed/x.ics", f"feed/{'A' * 43}.ics", f"feed/{'A' * 43}", "feed/", "feed/%00.ics", "feed"]
)
async def test_what_leads_nowhere_says_no_more_than_that(site: Site, path: str) -> None:
    response = await site.get(path)
    assert response.status == 404


async def test_an_old_link_and_one_that_never_was_look_the_same(site: Site) -> None:
    old = await site.subscribe()
    await site.subscribe(text="!meet abo neu")
    answers = [await site.get(path) for path in (old, f"feed/{'A' * 43}.ics", "feed/short.ics")]
    said = [(one.status, await one.read(), {k: v for k, v in one.headers.items() if k != "Date"}) for one in answers]
    assert said[0] == said[1] == said[2]


async def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    await meet(site)
    path = await site.subscribe()
    first = await site.get(path)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f'"other", {tag}'}, {"If-Modified-Since": modified}):
        again = await site.get(path, headers=headers)
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    assert (await site.get(path, headers={"If-None-Match": '"other"', "If-Modified-Since": modified})).status == 200
    await meet(site, "Zweiter")
    changed = await site.get(path, headers={"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


async def test_head_and_compression(site: Site) -> None:
    await meet(site)
    path = await site.subscribe()
    plain = await site.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    packed = await site.get(path, headers={"Accept-Encoding": "gzip;q=0.5, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert await packed.read() == await plain.read()
    refused = await site.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
    head = await site.get(path, method="HEAD", headers={"Accept-Encoding": "identity"})
    assert (head.status, await head.read()) == (200, b"")
    assert head.headers["Content-Length"] == str(len(await plain.read()))
    assert (await site.get(path, method="POST")).status == 405


async def test_it_is_put_together_when_something_has_changed_and_not_before(site: Site) -> None:
    path = await site.subscribe()
    tally = site.office.world.tally
    for _ in range(3):
        await site.get(path)
    assert tally.feed_builds == 1
    site.office.clock.advance(timedelta(minutes=2))
    tag = (await site.get(path)).headers["ETag"]
    assert tally.feed_builds == 2, "what came in at that moment may have been missed"
    for _ in range(3):
        site.office.clock.advance(timedelta(hours=1))
        assert (await site.get(path)).headers["ETag"] == tag
    assert tally.feed_builds == 2
    await meet(site)
    assert await titles(site, path) == ["Haushalt"]
    await site.office.says("!meet absagen last")
    assert await titles(site, path) == []


async def test_whoever_types_goes_first(site: Site) -> None:
    await meet(site)
    path = await site.subscribe()
    waited = []
    with site.office.world.precedence.command():
        asked = asyncio.create_task(site.get(path))
        await asyncio.wait([asked], timeout=0.2)
        waited.append(not asked.done())
    assert (await asked).status == 200
    assert waited == [True]


async def test_of_a_hidden_event_only_times_are_shown(site: Site) -> None:
    await meet(site)
    path = await site.subscribe()
    calendars = site.office.world.settings.calendars
    site.office.change(calendars={CALENDAR: replace(calendars[CALENDAR], show=Show.BUSY)})
    site.switch()
    assert await titles(site, path) == ["Belegt"]


async def test_while_the_homeserver_is_away_it_is_to_be_asked_for_later(site: Site) -> None:
    path = await site.subscribe()
    site.office.chat.down = True
    site.office.clock.advance(timedelta(minutes=2))
    response = await site.get(path)
    assert (response.status, response.headers["Retry-After"]) == (503, "60")
    site.office.chat.down = False
    assert (await site.get(path)).status == 200


async def test_while_the_database_is_away_it_is_to_be_asked_for_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_: object) -> None:
        raise StorageUnavailable

    path = await site.subscribe()
    monkeypatch.setattr(site.office.world.stores.feeds, "by_digest", locked)
    response = await site.get(path)
    assert (response.status, response.headers["Retry-After"]) == (503, "60")


async def test_of_an_exception_nobody_hears(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("Haushalt")

    monkeypatch.setattr(subscribing, "page", broken)
    response = await site.get(f"feed/{'A' * 43}.ics")
    assert (response.status, await response.read()) == (500, b"")


@pytest.fixture
def twenty(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many requests from an address in a minute."""
    monkeypatch.setattr(site.pages, "_addresses", Addresses(Rate(20, timedelta(minutes=1))))


@pytest.mark.usefixtures("twenty")
async def test_too_many_from_one_address_are_not_looked_up(site: Site) -> None:
    path = await site.subscribe()
    statuses = {(await site.get(f"feed/{'A' * 43}.ics")).status for _ in range(20)}
    assert statuses == {404}
    refused = await site.get(path)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    other = await site.get(path, headers={"X-Forwarded-For": "203.0.113.9"})
    assert other.status == 200, "of others behind the same proxy more are taken"
    site.office.clock.advance(timedelta(minutes=1))
    assert (await site.get(path)).status == 200


@pytest.mark.usefixtures("twenty")
async def test_who_it_is_that_a_proxy_forwards_for_only_that_proxy_says(site: Site) -> None:
    """Some append their line to the client's, others put it into a line of its own (RFC 9110, 5.3)."""
    path = await site.subscribe()

    async def ask(client: str) -> int:
        lines = [("X-Forwarded-For", client), ("X-Forwarded-For", "203.0.113.9")]
        async with site.session.get(site.base + path, headers=lines) as response:
            return response.status

    statuses = [await ask(f"198.51.100.{number}") for number in range(21)]
    assert (statuses[-2], statuses[-1]) == (200, 429)


async def test_links_that_have_ended_take_nothing_from_others_behind_the_same_address(site: Site) -> None:
    """Many were in a room that is not mapped any more, and their programs go on asking."""
    path = await site.subscribe()
    assert {(await site.get(f"feed/{'A' * 43}.ics")).status for _ in range(100)} == {404}
    assert (await site.get(path)).status == 200


async def test_nor_do_those_who_guess_at_the_token(site: Site) -> None:
    path = await site.subscribe()
    for number in range(100):
        await site.get("metrics", token=f"guess {number}")
    assert (await site.get(path)).status == 200
    assert (await site.get("health")).status == 200


async def test_the_access_log_shows_that_there_was_a_request_and_no_secret(
    site: Site, access_log: pytest.LogCaptureFixture
) -> None:
    path = await site.subscribe()
    secret = path.removeprefix("feed/").removesuffix(".ics")
    for asked in (path, f"{path}?again=1", path.removesuffix(".ics"), f"{path}/"):
        await site.get(asked)
    await site.get("health")
    lines = [record.getMessage() for record in access_log.records if record.name == "aiohttp.access"]
    assert len(lines) == 5
    assert all("/_matrix/maubot/plugin/meet/feed/*** " in line for line in lines[:4])
    assert "/meet/health" in lines[4]
    assert secret not in access_log.text


async def test_the_secret_is_not_in_the_database(site: Site) -> None:
    path = await site.subscribe()
    secret = path.removeprefix("feed/").removesuffix(".ics")
    (feed,) = await site.office.world.stores.feeds.of(ANNA)
    assert secret not in repr(feed)
    assert len(feed.digest) == 64


async def test_several_rooms_are_asked_about_in_a_direct_chat(site: Site) -> None:
    room = site.office.world.settings.rooms[ROOM]
    other = site.office.chat.add_room("!other:example.org", ANNA)
    site.office.change(rooms={ROOM: room, other: replace(room, id=other)})
    site.office.chat.add_room(DIRECT, ANNA)
    (question,) = await site.office.says("!meet abo", room=DIRECT)
    assert (question.kind, len(question.data["choices"])) == (Kind.QUESTION, 2)
    said = await site.office.says("2", room=DIRECT)
    assert [m for m in said if "feed" in m.data]
    assert [feed.room for feed in await site.office.world.stores.feeds.of(ANNA)] == [other]


async def test_who_left_the_direct_chat_is_invited_to_another_for_the_link(site: Site) -> None:
    await site.subscribe()
    left = site.office.chat.posted[-2].room
    site.office.chat.put_out(left, ANNA)
    (link, said) = await site.office.says("!meet abo neu")
    chat = site.office.chat.posted[-2].room
    assert chat not in (left, ROOM)
    assert site.office.chat.rooms[chat].invited == {ANNA}
    assert "/feed/" in link.text
    assert "Direktchat" in said.text


async def test_who_cannot_be_invited_is_told_so_and_the_link_before_stays(site: Site) -> None:
    path = await site.subscribe()
    room = site.office.chat.posted[-2].room
    site.office.chat.put_out(room, ANNA)
    site.office.chat.refuse(ChatForbidden())
    (refused,) = await site.office.says("!meet abo neu")
    assert refused.data["code"] == "forbidden"
    assert "Direktchat" in refused.text
    assert (await site.get(path)).status == 200


async def test_what_is_asked_for_in_a_direct_chat_is_given_there_though_there_is_another(site: Site) -> None:
    await site.subscribe()
    site.office.chat.enter(site.office.chat.posted[-2].room, ANNA)
    site.office.chat.add_room(DIRECT, ANNA)
    (link,) = await site.office.says("!meet abo neu", room=DIRECT)
    assert site.office.chat.posted[-1].room == DIRECT
    assert "/feed/" in link.text


async def test_the_first_link_is_told_as_such_however_it_was_asked_for(site: Site) -> None:
    site.office.chat.add_room(DIRECT, ANNA)
    (first,) = await site.office.says("!meet abo neu", room=DIRECT)
    assert "bisherige" not in first.text
    (second,) = await site.office.says("!meet abo neu", room=DIRECT)
    assert "der bisherige gilt nicht mehr" in second.text
