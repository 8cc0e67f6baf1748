"""What monitoring is told, and who is told how much."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from calbot.core.model import CalendarName, RoomId
from calbot.core.settings import Secret, Web
from calbot.errors import CalendarUnavailable, ChatUnavailable
from calbot.matrix.delivery import Unread
from calbot.ports import Listening
from tests.services.conftest import ANNA, CALENDAR, ROOM

from .conftest import TOKEN, Site

PROMTOOL = shutil.which("promtool")


async def reasons(site: Site) -> list[str]:
    response = await site.get("health", token=TOKEN)
    body = json.loads(await response.read())
    codes = [reason["code"] for reason in body["reasons"]]
    assert (response.status, body["status"]) == ((503, "unhealthy") if codes else (200, "healthy"))
    assert all(reason["text"] for reason in body["reasons"])
    return codes


async def figures(site: Site) -> dict[str, float]:
    response = await site.get("metrics", token=TOKEN)
    assert response.status == 200
    found = {}
    for family in text_string_to_metric_families((await response.read()).decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def listening(site: Site, **facts: Any) -> None:
    told = Listening(**facts)
    object.__setattr__(site.office.world, "listening", lambda: told)


async def test_without_the_token_only_whether_all_is_well(site: Site) -> None:
    for token in (None, "wrong", "", TOKEN + "x"):
        response = await site.get("health", token=token)
        assert (response.status, json.loads(await response.read())) == (200, {"status": "healthy"})
        assert response.headers["Cache-Control"] == "no-store"
    listening(site, running=False)
    site.office.clock.advance(timedelta(minutes=5))
    response = await site.get("health")
    assert (response.status, json.loads(await response.read())) == (503, {"status": "unhealthy"})


@pytest.mark.parametrize("token", [None, "wrong", "", "Bearer"])
async def test_figures_need_the_token(site: Site, token: str | None) -> None:
    response = await site.get("metrics", token=token)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert await response.read() == b""


@pytest.mark.parametrize("secret", [Secret(), Secret(env="CALBOT_NO_SUCH_VARIABLE"), Secret(file="/nonexistent/token")])
async def test_where_there_is_no_token_nobody_has_it(site: Site, secret: Secret) -> None:
    site.office.change(web=Web(token=secret))
    site.switch()
    for token in ("", "None", TOKEN):
        assert (await site.get("metrics", token=token)).status == 401


async def test_of_guesses_not_many_are_taken(site: Site) -> None:
    statuses = [(await site.get("metrics", token=f"guess {number}")).status for number in range(70)]
    assert (statuses[0], statuses[-1]) == (401, 429)


async def test_nothing_comes_in_any_more(site: Site) -> None:
    assert await reasons(site) == []
    site.office.clock.advance(timedelta(minutes=5))
    await site.office.alarm.settle()
    listening(site, running=False)
    assert await reasons(site) == ["intake"]


async def test_the_homeserver_does_not_answer(site: Site) -> None:
    listening(site, heard_at=site.office.clock())
    site.office.clock.advance(timedelta(minutes=4))
    assert await reasons(site) == []
    await site.office.alarm.settle()
    site.office.clock.advance(timedelta(minutes=2))
    assert await reasons(site) == ["homeserver"]
    await site.office.alarm.settle()
    assert (await figures(site))["calbot_intake_age_seconds"] == 360
    assert (await figures(site))["calbot_homeserver_up"] == 0


async def test_it_takes_no_messages_and_nothing_has_been_sent_since(site: Site) -> None:
    """What could not be sent may be dropped or taken back: that it was refused says nothing for ever."""
    outbox = site.office.world.outbox
    for number in range(3):
        outbox.refused(RoomId(f"!{number}:example.org"), ChatUnavailable("unreachable"), site.office.clock(), 0.5)
    assert await reasons(site) == ["homeserver"]
    assert (await figures(site))["calbot_homeserver_up"] == 0
    await site.office.alarm.settle()
    site.office.clock.advance(timedelta(minutes=6))
    assert await reasons(site) == []
    assert (await figures(site))["calbot_homeserver_up"] == 1


async def test_maubot_runs_the_sync(site: Site) -> None:
    listening(site, own=False)
    assert await reasons(site) == ["sync_owner"]


async def test_the_clock_of_the_bot_does_not_ring(site: Site) -> None:
    assert await reasons(site) == []
    site.office.clock.advance(timedelta(minutes=1))
    assert await reasons(site) == []
    site.office.clock.advance(timedelta(minutes=2))
    assert await reasons(site) == ["alarms"]
    await site.office.alarm.settle()
    site.office.clock.advance(timedelta(minutes=1))
    assert await reasons(site) == []


async def test_an_account_cannot_be_read(site: Site) -> None:
    site.office.calendar.unavailable = CalendarUnavailable("unreachable")
    await site.office.pass_time(timedelta(minutes=50))
    assert await reasons(site) == []
    found = await figures(site)
    assert found["calbot_calendars{account=city}"] == found["calbot_calendars_failing{account=city}"] == 1
    assert found["calbot_sync_errors_total{account=city}"] >= 3
    assert found["calbot_sync_lag_seconds{account=city}"] >= 2900
    await site.office.pass_time(timedelta(minutes=20))
    assert await reasons(site) == ["account"]
    site.office.calendar.unavailable = None
    await site.office.pass_time(timedelta(minutes=20))
    assert await reasons(site) == []


async def test_a_calendar_that_is_new_has_not_waited_since_the_bot_was_started(site: Site) -> None:
    office = site.office
    await office.pass_time(timedelta(hours=5))
    rooms, new = office.world.settings.rooms, CalendarName("press")
    calendars = {**office.world.settings.calendars, new: replace(office.world.settings.calendars[CALENDAR], name=new)}
    office.change(calendars=calendars, rooms={ROOM: replace(rooms[ROOM], calendars=(new,))})
    office.calendar.unavailable = CalendarUnavailable("unreachable")
    await office.resume()
    site.switch()
    await office.pass_time(timedelta(minutes=20))
    assert await reasons(site) == []
    found = await figures(site)
    assert found["calbot_calendars_failing{account=city}"] == 1
    assert 1200 <= found["calbot_sync_lag_seconds{account=city}"] < 1300
    await office.pass_time(timedelta(minutes=50))
    assert await reasons(site) == ["account"]


async def test_what_is_due_does_not_go_out(site: Site) -> None:
    await site.office.says('!meet neu "Haushalt" heute 9-10')
    site.office.clock.advance(timedelta(minutes=50))  # and nothing rings
    found = await figures(site)
    assert found["calbot_outbox_messages{kind=reminder}"] == 1
    assert found["calbot_outbox_oldest_seconds"] == 300
    site.office.clock.advance(timedelta(minutes=6))
    assert "outbox" in await reasons(site)
    await site.office.alarm.settle()
    site.office.clock.advance(timedelta(seconds=10))
    assert await reasons(site) == []
    found = await figures(site)
    assert found["calbot_outbox_messages{kind=reminder}"] == 0
    assert found["calbot_reminders_sent_total{late=true}"] == 1


async def test_the_database_takes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(site.office.world.stores.figures, "write", full)
    assert await reasons(site) == ["database"]
    found = await figures(site)
    assert found["calbot_healthy{check=database}"] == 0
    unknown = {"calbot_polls_open", "calbot_feeds", "calbot_outbox_oldest_seconds"}
    assert not unknown & found.keys()
    monkeypatch.undo()
    site.office.clock.advance(timedelta(minutes=1))
    assert unknown <= (await figures(site)).keys()


async def test_what_happened_is_counted(site: Site) -> None:
    await site.office.says("!meet liste")
    await site.office.says("!meet zeige 17")
    await site.office.says("!meet xyzzy")
    await site.office.says('!meet neu "Haushalt" Freitag 10')
    await site.office.says('!meet umfrage "Haushalt" Di 1.12. 14-15; Mi 2.12. 10')
    await site.office.handlers.on_unreadable(ROOM, ANNA, site.office.chat.posted[0].event, Unread.NO_KEY)
    await site.get(await site.subscribe())
    found = await figures(site)
    assert found["calbot_command_duration_seconds_count{command=list,outcome=done}"] == 1
    assert found["calbot_command_duration_seconds_bucket{command=list,le=+Inf,outcome=done}"] == 1
    assert found["calbot_command_duration_seconds_count{command=show,outcome=refused}"] == 1
    assert found["calbot_command_duration_seconds_count{command=none,outcome=refused}"] == 1
    assert found["calbot_unreadable_events_total{reason=no_key}"] == 1
    assert found["calbot_polls_open"] == found["calbot_feeds"] == found["calbot_rooms"] == 1
    assert found["calbot_feed_requests_total{outcome=sent}"] == found["calbot_feed_builds_total"] == 1
    assert found["calbot_build_info{version=0.0.0}"] == 1


async def test_labels_are_words_of_the_configuration_and_of_fixed_lists(site: Site) -> None:
    await site.office.says('!meet neu "Haushalt 2027" morgen 10')
    await site.office.says("!meet Geheimwort")
    text = (await (await site.get("metrics", token=TOKEN)).read()).decode()
    for said in ("Haushalt", "Geheimwort", ANNA, ROOM, CALENDAR, TOKEN):
        assert said not in text
    assert {value for _, value in re.findall(r'(account|kind|command)="([^"]*)"', text)} <= {
        *("city", "reminder", "notice", "mail", "new", "none"),
    }


async def test_two_instances_do_not_share_figures(site: Site) -> None:
    await site.office.says("!meet liste")
    other = type(site.office.world.tally)()
    assert site.office.world.tally.commands
    assert other.commands == {}


async def test_figures_survive_a_change_of_the_settings(site: Site) -> None:
    await site.office.says("!meet liste")
    world = site.office.world
    site.office.world = world.renewed(world.settings, (), world.gateway, world.alarm)
    site.switch()
    assert (await figures(site))["calbot_command_duration_seconds_count{command=list,outcome=done}"] == 1


async def test_calendars_that_nobody_sees_are_not_counted(site: Site) -> None:
    calendars = site.office.world.settings.calendars
    site.office.change(calendars={**calendars, CalendarName("other"): calendars[CALENDAR]})
    site.switch()
    assert (await figures(site))["calbot_calendars{account=city}"] == 1


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool, of the Debian package prometheus")
async def test_promtool_finds_nothing_to_complain_of(site: Site) -> None:
    await site.office.says("!meet liste")
    listening(site, heard_at=site.office.clock())
    text = await (await site.get("metrics", token=TOKEN)).read()
    process = await asyncio.create_subprocess_exec(
        str(PROMTOOL),
        *("check", "metrics"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(text)
    assert (process.returncode, said.decode()) == (0, "")
