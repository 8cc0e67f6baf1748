"""What is said of an answer to an invitation."""

from __future__ import annotations

import pytest

from calbot.core.ask import Say
from calbot.core.messages import answered, undone_answer
from calbot.core.model import Details, Kind, Locale, PartStat

from .examples import LOCALES, event, reader

BUDGET = event(details=Details(title="Budget"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("answer", [PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE])
@pytest.mark.parametrize("already", [False, True])
def test_it_names_event_and_answer(locale: Locale, answer: PartStat, already: bool) -> None:
    message = answered(reader(locale), event(details=Details(title="<b>Budget</b>")), answer, already=already)
    assert message.kind is Kind.OK
    assert message.data["answer"] == answer.value.lower()
    assert "<b>Budget</b>" in message.text
    assert "&lt;b&gt;Budget" in message.html
    assert message.discloses
    assert not message.notify


def test_how_much_of_a_series() -> None:
    de = reader("de")
    series = event(details=Details(title="Jour fixe", rule="FREQ=WEEKLY;BYDAY=TU"))
    lines = {
        extent: answered(de, series, PartStat.DECLINED, extent=extent).text.splitlines()[1:]
        for extent in ("one", "all", "following")
    }
    assert lines["one"][-1] == "Nur dieser Termin der Serie"
    assert lines["all"][0].startswith("Serie: jeden Dienstag")
    assert lines["following"][0].startswith("Ab Di.,")


def test_a_hidden_event_shows_nothing_but_its_time() -> None:
    hidden = event(details=Details(title="Geheim", hidden=True))
    for message in (
        answered(reader("de"), hidden, PartStat.ACCEPTED, extent="all"),
        undone_answer(reader("de"), hidden, PartStat.ACCEPTED),
    ):
        assert "Geheim" not in message.text + message.html + str(message.data)


@pytest.mark.parametrize("answer", [*PartStat, None])
def test_what_holds_again(answer: PartStat | None) -> None:
    message = undone_answer(reader("de"), BUDGET, answer)
    assert message.data["answer"] == (None if answer is None else answer.value.lower().replace("-", "_"))
    assert len(message.text.splitlines()) == 2


def test_notes_stand_below() -> None:
    message = answered(reader("de"), BUDGET, PartStat.ACCEPTED, notes=[Say("answer_kept", {"number": 3})])
    assert message.text.splitlines()[-1].startswith("Zu 3 einzelnen Terminen")
