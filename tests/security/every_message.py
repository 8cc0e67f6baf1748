"""Every message that the bot can send, with one text in each place where something comes from a person or a calendar.

The keys begin with the name of the function in ``calbot.core.messages`` that makes the message, so that a test can tell
which of them are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from calbot.core import messages
from calbot.core.ask import Ask, Say
from calbot.core.changes import Change, ChangeKind, Field, Summary
from calbot.core.dates import At
from calbot.core.freeslots import Slot
from calbot.core.i18n import PLACEHOLDER, Reader
from calbot.core.ical.itip import Letter, Method, News
from calbot.core.mail import Undelivered
from calbot.core.messages import (
    AdminNews,
    AdminNewsKind,
    CalendarHere,
    CalendarReport,
    CalendarSeen,
    CalendarsHere,
    CommandHelp,
    Due,
    EventReminders,
    Headline,
    Inquiry,
    LeadsInForce,
    ListedPoll,
    MailReport,
    MailText,
    MappingPlan,
    OutgoingReport,
    Person,
    Remainder,
    StatusReport,
    Wanted,
)
from calbot.core.model import (
    CalendarName,
    Details,
    Member,
    Message,
    Occurrence,
    PartStat,
    RoomId,
    Status,
    Uid,
    UserId,
    When,
)
from calbot.core.poll_model import Option, Poll, PollOptions, PollState
from calbot.core.polls import AllBegun, Excluded, NoVotes, QuorumMissed, Tally, Winner, WinnerUnreadable
from calbot.core.room_settings import InForce, Setting
from calbot.core.room_settings import Source as SettingSource
from calbot.core.settings import Digest, Problem
from calbot.errors import CalendarUnavailable, Code, UserError
from tests.core.messages.examples import ANNA, BEN, CARLA, LINK, NOW, TUESDAY, WEDNESDAY, event
from tests.core.messages.test_polls import POLL

Sent = Message | MailText | Mapping[str, Any]
LINKS = frozenset({LINK})
ROOM = RoomId("!it:example.org")
_HOUR = timedelta(hours=1)
_FAMILIES = ("ok", "note", "error", "choice", "ask", "config", "status.note")
_LETTER = Letter(
    recipient="ben@example.org",
    name="Ben",
    method=Method.REQUEST,
    news=News.CHANGED,
    data="",
    organizer="it-team",
    title="Budgetrunde",
    when=TUESDAY,
    before=WEDNESDAY,
    rule="FREQ=WEEKLY",
    link=LINK,
)


@cache
def placeholders(reader_of: str, path: str) -> Mapping[str, tuple[str, ...]]:
    """The ids of a catalog that have any, with their names."""
    found = re.findall(r'^msgid "([^"]+)"\nmsgstr(?:\[0\])? "(.*)"$', path, re.MULTILINE)
    assert found, reader_of
    return {id: tuple(dict.fromkeys(PLACEHOLDER.findall(text))) for id, text in found if PLACEHOLDER.search(text)}


def catalog_messages(reader: Reader, text: str, known: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Message]]:
    """Each text of the catalog with a parameter, by the function that says texts of its family."""
    for id, names in known.items():
        family = next((one for one in _FAMILIES if id.startswith(f"{one}.")), None)
        if family is None:
            continue
        short = id.removeprefix(f"{family}.")
        if "reason" in names:  # said around the reason of an error, see `error` below
            continue
        params: dict[str, str | int] = {name: text for name in names if name not in ("prefix", "why")}
        if family == "ok":
            yield id, messages.ok(reader, short, **params)
        elif family == "note":
            yield id, messages.moved(reader, _event("x"), _event("x", WEDNESDAY), notes=[Say(short, params)])
        elif family == "error":
            yield id, messages.error(reader, UserError(Code.NOT_UNDERSTOOD, short, **params), example=f"!meet {text}")
        elif family == "choice":
            yield id, messages.question(reader, Ask("move_series", (Say(short, params), Say("whole_series"))))
        elif family == "ask":
            yield id, messages.question(reader, Ask(short, (Say("whole_series"),), params))
        elif family == "config":
            problem = Problem(text, short, {name: str(value) for name, value in params.items()})
            yield id, messages.status(reader, _report(text, problems=(problem,)))
        else:
            yield id, messages.status(reader, _report(text, notes=(Say(short, params),)))


def every_message(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    """Each kind of message, in each form that shows a text of somebody's."""
    yield from _meetings(reader, text)
    yield from _lists(reader, text)
    yield from _changes(reader, text)
    yield from _undone(reader, text)
    yield from _questions(reader, text)
    yield from _polls(reader, text)
    yield from _rooms(reader, text)
    yield from _settings(reader, text)


def _details(text: str, *, status: Status = Status.CONFIRMED, rule: str = "") -> Details:
    return Details(title=text, location=text, description=text, link=LINK, status=status, rule=rule)


def _event(text: str, when: When = TUESDAY, **more: Any) -> Occurrence:
    return event(when=when, details=_details(text, **more), uid=text[:300] or "uid")


def _meetings(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    one = _event(text)
    people = [
        Person(text, ANNA, PartStat.ACCEPTED),
        Person(text, BEN, has_address=False),
        Person(text, None, PartStat.DECLINED),
        Person(text, CARLA, PartStat.TENTATIVE),
    ]
    for headline in Headline:
        yield (
            f"meeting_card.{headline.value}",
            messages.meeting_card(
                reader,
                _event(text, status=Status.TENTATIVE, rule=text),
                people=people,
                calendar_title=text,
                headline=headline,
                notes=[messages.conflict_note(reader, one), messages.busy_note(reader, [text, text])],
            ),
        )
    yield (
        "meeting_card.show",
        messages.meeting_card(reader, one, people=people * 20, calendar_title=text, description=True),
    )
    yield (
        "meeting_card.cancelled",
        messages.meeting_card(reader, _event(text, status=Status.CANCELLED), people=(), calendar_title=text),
    )
    for answer in (PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE):
        yield f"answered.{answer.value}", messages.answered(reader, one, answer, extent="all")
    yield (
        "reminder",
        messages.reminder(reader, one, lead=_HOUR, mentions=[Member(BEN, text)], mention_room=False),
    )
    due = [Due(one, _HOUR), Due(_event(text, WEDNESDAY), _HOUR, late=True)]
    yield "reminders", messages.reminders(reader, due, mentions=[Member(ANNA, text), Member(BEN, text)])
    personal = EventReminders(one, (_HOUR,), NOW + _HOUR, series=True)
    yield "event_reminders", messages.event_reminders(reader, personal, personal=True)
    yield "leads_set", messages.leads_set(reader, LeadsInForce((_HOUR,)), None)
    yield "invitation", messages.invitation(reader, replace(_LETTER, title=text, location=text, organizer=text))


def _lists(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    events = [(1, _event(text, rule=text)), (2, _event(text, WEDNESDAY, status=Status.CANCELLED))]
    window = (TUESDAY.start.date(), WEDNESDAY.start.date())
    listed = messages.agenda(
        reader, events, window=window, rest=[_event(text)], with_calendar=True, holidays=[(window[0], text)]
    )
    yield "agenda", listed
    yield "agenda.search", messages.agenda(reader, events, window=window, search=text)
    yield "agenda.nothing_found", messages.agenda(reader, [], window=window, search=text)
    yield "scheduled", messages.scheduled(listed)
    yield "next_meeting", messages.next_meeting(reader, events[0][1], calendar_title=text)
    found = [Slot(TUESDAY.start, TUESDAY.end, (ANNA,), (BEN,), (CARLA,)), Slot(WEDNESDAY.start, WEDNESDAY.end)]
    names = {ANNA: text, BEN: text, CARLA: text}
    inquiry = Inquiry(_HOUR, (ANNA, BEN, CARLA), names, False, (ANNA,), (BEN, CARLA), text, False)
    yield "slots", messages.slots(reader, found, inquiry)
    yield "slots.none", messages.slots(reader, [], inquiry)
    yield "slots_over", messages.slots_over(reader, [TUESDAY])


def _changes(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    old, new = _event("x"), _event(text, WEDNESDAY)
    uid = Uid("x")
    changes = [
        Change(ChangeKind.CREATED, uid, None, new),
        Change(ChangeKind.CANCELLED, uid, new, None, count=3),
        Change(ChangeKind.REMOVED, uid, new, None),
        Change(ChangeKind.CHANGED, uid, old, new, frozenset(Field)),
        Change(ChangeKind.CHANGED, uid, new, old, frozenset(Field)),
    ]
    yield "change_notice", messages.change_notice(reader, changes, calendar_title=text, by=text)
    yield "change_notice.summary", messages.change_notice(reader, Summary(1, 2, 3), calendar_title=text)
    yield "calendars_shown", messages.calendars_shown(reader, {text: 3})
    yield "moved", messages.moved(reader, _event(text), new)
    yield "cancelled", messages.cancelled(reader, new, reason=text)
    yield "edited", messages.edited(reader, old, new, added=[text], removed=[text, text])
    yield "edited.back", messages.edited(reader, new, old)
    wanted = Wanted(TUESDAY, text, text, text)
    yield "overlapping", messages.overlapping(reader, new, wanted)


def _undone(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    one, other = _event(text), _event(text, WEDNESDAY)
    yield "undone_new", messages.undone_new(reader, one)
    yield "undone_move", messages.undone_move(reader, one, other)
    changed = (_details("x"), _details(text))
    yield "undone_edit", messages.undone_edit(reader, one, changed=changed, added=[text], removed=[text])
    yield "undone_cancel", messages.undone_cancel(reader, one)
    yield "undone_booking", messages.undone_booking(reader, _poll(text), one)
    yield "undone_answer", messages.undone_answer(reader, one, None)
    yield "undone_import", messages.undone_import(reader, gone=1, stayed=1)


def _questions(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    choices = (_event(text), _event(text, WEDNESDAY), Say("whole_series"))
    asked = messages.question(reader, Ask("move_series", choices))
    yield "question", asked
    answered = messages.question_answered(reader, asked.text, 2)
    assert answered is not None
    yield "question_answered", answered
    remainder = Remainder(1, 1, 1, 1, people=True)
    yes = Ask("map", (Say("map"), Say("no_map")), {"calendar": text})
    yield (
        "import_question",
        messages.import_question(
            reader, yes, [_event(text, rule=text)], filename=text, calendar=text, remainder=remainder
        ),
    )
    yield "imported", messages.imported(reader, [(1, _event(text))], number=1, calendar=text, remainder=remainder)
    yield "nothing_to_import", messages.nothing_to_import(reader, remainder)
    plan = MappingPlan(CalendarName(text), busy=False, writable=True, people=3, silenced=1)
    yield "mapping_question", messages.mapping_question(reader, yes, plan)
    yield "when_answer", messages.when_answer(reader, text, At(TUESDAY.start), duration=_HOUR, example=text)
    error = UserError(Code.NOT_UNDERSTOOD, "date_vague", words=text)
    yield "error", messages.error(reader, error, example=text)
    yield "error.server", messages.error(reader, CalendarUnavailable(text))
    yield "internal_error", messages.internal_error(reader, text)


def _poll(text: str, **changes: Any) -> Poll:
    options = (Option("s1", text, TUESDAY), Option("s2", f"{text} ", WEDNESDAY, free=(1, 2)), Option("s3", text, None))
    return replace(POLL, title=text, options=options, calendar=CalendarName(text), **changes)


def _polls(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    poll, names = _poll(text), {ANNA: text, BEN: text, CARLA: text}
    members = [Member(BEN, text), Member(CARLA, text)]
    tally = Tally(
        {ANNA: ("s1", "s2"), BEN: ("s2",)},
        (ANNA, BEN, CARLA),
        spoiled=(BEN,),
        excluded={CARLA: Excluded.FOREIGN, UserId("@d:example.org"): Excluded.LEFT},
    )
    winner = Winner(poll.options[1], (ANNA, BEN), (CARLA,), (poll.options[0],), (poll.options[0],))
    yield "poll_start_content", messages.poll_start_content(reader, poll)
    yield "poll_end_content", messages.poll_end_content(reader, poll)
    yield "poll_text", messages.poll_text(reader, _poll(text, required=(BEN, CARLA)), members)
    by_hand = _poll(text, by_bot=False, behaviour=PollOptions(holds=True, confirm=True))
    yield "poll_card", messages.poll_card(reader, by_hand, tally, names, [BEN])
    for state in PollState:
        yield f"poll_over.{state.value}", messages.poll_over(reader, _poll(text, state=state, booked="s1"))
    yield "poll_nudge", messages.poll_nudge(reader, poll, members)
    yield "poll_list", messages.poll_list(reader, [ListedPoll(poll, tally), ListedPoll(poll, None)])
    yield "until_changed", messages.until_changed(reader, text, TUESDAY.start)
    for outcome in (winner, NoVotes(), QuorumMissed(1, 2), AllBegun(), WinnerUnreadable(poll.options[2], (ANNA,))):
        booked = _event(text) if outcome is winner else None
        said = messages.poll_result(reader, poll, tally, outcome, occurrence=booked, people=names, unreadable=[BEN])
        yield f"poll_result.{type(outcome).__name__}", said
    yield (
        "poll_unbooked",
        messages.poll_unbooked(reader, poll, poll.options[0], "declined", by=BEN, people=names),
    )


def _rooms(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    name = CalendarName(text)
    here = CalendarHere(name, writable=True, busy=False, takes_new=True, by=text, at=NOW)
    yield "calendars_here", messages.calendars_here(reader, CalendarsHere((here, here), (name, name), (name,)))
    yield "calendars_seen", messages.calendars_seen(reader, [CalendarSeen(name, True, False, (ROOM,))])
    yield "connected", messages.connected(reader, name, by=text, writable=True, ended_polls=[text])
    yield "disconnected", messages.disconnected(reader, name, by=text, ended_polls=[text, text])
    told = {name: True, CalendarName(f"{text} "): False}
    yield "mapped_by_file", messages.mapped_by_file(reader, told, [name])
    yield "feed_link", messages.feed_link(reader, text, LINK, renewed=True)
    yield "feed_known", messages.feed_known(reader, text, NOW)
    yield "feed_sent", messages.feed_sent(reader)
    yield "own_data", messages.own_data(reader, {}, events=2)
    yield "forget_question", messages.forget_question(reader, Ask("forget_me", (Say("forget_me"), Say("keep_me"))))
    yield "forgotten", messages.forgotten(reader, address=text)
    news = [AdminNews(kind, text[:100], NOW, "3" if kind is AdminNewsKind.MISTAKES else text) for kind in AdminNewsKind]
    yield "admin_news", messages.admin_news(reader, news)
    yield "welcome", messages.welcome(reader, [text, text])
    yield "welcome_unmapped", messages.welcome_unmapped(reader, text)
    yield "moved_here", messages.moved_here(reader, [text], [text])
    yield "cannot_read_hint", messages.cannot_read_hint(reader, Member(BEN, text))
    yield "not_encrypted_hint", messages.not_encrypted_hint(reader)
    yield "status", messages.status(reader, _report(text))
    yield "ok", messages.ok(reader, "synced", calendars=text)


def _report(text: str, *, problems: tuple[Problem, ...] = (), notes: tuple[Say, ...] = ()) -> StatusReport:
    failed = Undelivered("k", CalendarName("x"), Uid("x"), ROOM, text, "mail_unreachable", NOW)
    return StatusReport(
        "1",
        (CalendarReport(text, NOW, NOW, text, 3, NOW),),
        "verified",
        room_encrypted=True,
        problems=problems,
        notes=notes,
        outgoing=OutgoingReport(mail=MailReport(1, "mail_unreachable", (failed,))),
    )


def _settings(reader: Reader, text: str) -> Iterator[tuple[str, Sent]]:
    write_to = InForce(Setting.WRITE_TO, CalendarName(text), SettingSource.CHOSEN)
    yield "room_settings", messages.room_settings(reader, [write_to], how=True)
    yield "setting_changed", messages.setting_changed(reader, write_to, by=text)
    digest = Digest(always=True)
    yield "digest_set", messages.digest_set(reader, digest, None, personal=False, changed=True)
    command = CommandHelp("new", ("new", "neu"))
    yield "help_overview", messages.help_overview(reader, "!meet", {"events": [command]})
    yield "help_command", messages.help_command(reader, "!meet", command)
    yield "language_of_room", messages.language_of_room(reader, "de", changed=True)
    yield "language_of_sender", messages.language_of_sender(reader, ("de", "en"), changed=True)
    yield "zone_of_room", messages.zone_of_room(reader, changed=True)
    yield "zone_of_sender", messages.zone_of_sender(reader, messages.Source.CHOSEN, changed=True)
