"""How lead times are typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calbot.core.commands import ByNumber, ByReply, CommandId, Last, Ref, Remind, Scope
from calbot.core.dates import Locale
from calbot.errors import Code

from .typing_in import refusal, typed

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = timedelta(0)
THREE = ByNumber(3)


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("remind 10m", (10 * MINUTE,)),
        ("erinnere 10m", (10 * MINUTE,)),
        ("ERINNERE 10 Min.", (10 * MINUTE,)),
        ("erinnern 90 Minuten", (90 * MINUTE,)),
        ("erinnere 1h30", (90 * MINUTE,)),
        ("erinnere 1,5h", (90 * MINUTE,)),
        ("erinnere 1t", (DAY,)),
        ("remind 1d 15m", (DAY, 15 * MINUTE)),
        ("remind 15m,1d", (DAY, 15 * MINUTE)),
        ("remind 1d, 15m and 0", (DAY, 15 * MINUTE, START)),
        ("erinnere 1 Tag und 15 Minuten vorher", (DAY, 15 * MINUTE)),
        ("erinnere 1 Tag; 15 Minuten", (DAY, 15 * MINUTE)),
        ("erinnere\n1 Tag\n15 Minuten", (DAY, 15 * MINUTE)),
        ("erinnere eine halbe Stunde vorher und zu Beginn", (30 * MINUTE, START)),
        ("remind half an hour before", (30 * MINUTE,)),
        ("remind 2 days ahead", (2 * DAY,)),
        ("erinnere uns bitte 10 Minuten vorher", (10 * MINUTE,)),
        ("remind us 10m please", (10 * MINUTE,)),
        ("remind at the start", (START,)),
        ("remind 0m", (START,)),
        ("remind 0", (START,)),
        ("remind 15m 15m 15 min", (15 * MINUTE,)),
        ("remind 1h, 30m", (HOUR, 30 * MINUTE)),
        ("remind 1h 30m", (HOUR, 30 * MINUTE)),
        ("remind 400d", (400 * DAY,)),
        ("remind off", ()),
        ("erinnere aus", ()),
        ("erinnere keine", ()),
        ("erinnere nicht", ()),
    ],
)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_for_all_events_of_the_room(text: str, leads: tuple[timedelta, ...], locale: Locale) -> None:
    assert typed(text, locale=locale) == Remind(leads)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("remind", Remind()),
        ("erinnere", Remind()),
        ("remind me", Remind(me=True)),
        ("erinnere mich", Remind(me=True)),
        ("remind default", Remind(standard=True)),
        ("erinnere standard", Remind(standard=True)),
        ("erinnere mich standard", Remind(standard=True, me=True)),
        ("remind me 10m", Remind((10 * MINUTE,), me=True)),
        ("erinnere mich 10 Minuten vorher", Remind((10 * MINUTE,), me=True)),
        ("Erinnere mich eine Stunde und 10 Minuten vorher", Remind((HOUR, 10 * MINUTE), me=True)),
        ("remind me off", Remind((), me=True)),
        ("erinnere mich nicht", Remind((), me=True)),
    ],
)
def test_what_is_set_and_for_oneself(text: str, command: Remind) -> None:
    assert typed(text) == command


@pytest.mark.parametrize(
    ("text", "ref", "scope"),
    [
        ("remind 10m 3", THREE, Scope.UNSAID),
        ("erinnere 10 Minuten 3", THREE, Scope.UNSAID),
        ("erinnere 10m Termin 3", THREE, Scope.UNSAID),
        ("remind 10m before #3", THREE, Scope.UNSAID),
        ("remind #3 10m", THREE, Scope.UNSAID),
        ("erinnere an Termin 3 10m vorher", THREE, Scope.UNSAID),
        ("remind 10m last", Last(), Scope.UNSAID),
        ("erinnere 10m letzter", Last(), Scope.UNSAID),
        ("remind 10m 3 all", THREE, Scope.ALL),
        ("erinnere 10m 3 alle", THREE, Scope.ALL),
        ("erinnere #3 alle 10m", THREE, Scope.ALL),
        ("erinnere 10m 3 diesen", THREE, Scope.THIS),
        ("erinnere 10m 3 folgende", THREE, Scope.FOLLOWING),
    ],
)
def test_for_one_event(text: str, ref: Ref, scope: Scope) -> None:
    assert typed(text) == Remind((10 * MINUTE,), ref=ref, scope=scope)
    mine = text.replace("remind", "remind me").replace("erinnere", "erinnere mich")
    assert typed(mine) == Remind((10 * MINUTE,), me=True, ref=ref, scope=scope)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("remind off 3", Remind((), ref=THREE)),
        ("remind me default last", Remind(standard=True, me=True, ref=Last())),
        ("remind last", Remind(ref=Last())),
        ("remind #3", Remind(ref=THREE)),
    ],
)
def test_other_choices_for_one_event(text: str, command: Remind) -> None:
    assert typed(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("remind 10m", Remind((10 * MINUTE,), ref=ByReply())),
        ("erinnere 10m alle", Remind((10 * MINUTE,), ref=ByReply(), scope=Scope.ALL)),
        ("erinnere mich 1 Tag vorher", Remind((DAY,), me=True, ref=ByReply())),
        ("remind off", Remind((), ref=ByReply())),
        ("remind", Remind(ref=ByReply())),
        ("remind 10m 3", Remind((10 * MINUTE,), ref=THREE)),
    ],
)
def test_in_a_reply_to_an_event_that_one_is_meant(text: str, command: Remind) -> None:
    assert typed(text, replying=True) == command


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("remind 15", "lead_without_unit"),
        ("remind 3 10m", "lead_without_unit"),
        ("erinnere mich 10", "lead_without_unit"),
        ("remind 1 h 30 min", "leads_unclear"),
        ("erinnere mich 1 Stunde 30 Minuten 3", "leads_unclear"),
        ("remind me in 10m", "leads_not_understood_me"),
        ("erinnere mich morgen", "leads_not_understood_me"),
        ("erinnere mich an Milch", "leads_not_understood_me"),
        ("remind 14:00", "leads_not_understood"),
        ("remind -10m", "leads_not_understood"),
        ("remind 30s", "leads_not_understood"),
        ("remind 1,01h", "leads_not_understood"),
        ("remind 10m off", "leads_not_understood"),
        ("remind off default", "leads_not_understood"),
        ("remind 10m 3 4", "leads_not_understood"),
        ("remind all", "leads_not_understood"),
        ("remind 10m all", "leads_not_understood"),
        ("remind 10m {anna}", "remind_others"),
        ("remind 401d", "lead_too_long"),
        ("remind 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 11m", "too_many_leads"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, reason: str) -> None:
    found = refusal(text)
    assert found.reason == reason
    assert found.command is CommandId.REMIND
    assert found.code is (Code.LIMIT if reason in ("lead_too_long", "too_many_leads") else Code.NOT_UNDERSTOOD)


def test_what_is_suggested_is_understood() -> None:
    params = refusal("remind 1 h 30 min 3").params
    assert typed(f"remind {params['one']}") == Remind((90 * MINUTE,))
    assert typed(f"remind {params['two']}") == Remind((HOUR, 30 * MINUTE))
    params = refusal("erinnere eine Stunde 30 Minuten").params
    assert (params["one"], params["two"]) == ("1h30", "eine Stunde, 30 Minuten")
    params = refusal("remind 15").params
    assert typed(f"remind {params['example']}") == Remind((15 * MINUTE,))
    assert typed(f"remind {params['marked']}") == Remind(ref=ByNumber(15))
