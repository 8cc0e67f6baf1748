"""Who is told by mail of what the bot writes: once, of what was written, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calbot.core.mail import MailDraft
from calbot.core.model import AccountName, CalendarName, CalendarObject, Href, Kind, PartStat
from calbot.core.settings import Delivery, Email, Levels, Show
from calbot.errors import CalendarUnavailable, MailDeferred, MailRefused, MailUnavailable
from calbot.matrix.handlers import Handlers
from calbot.ports import Principal
from calbot.services import invitations
from tests.fakes.mailer import FakeMailer

from .conftest import ANNA, BEN, CALENDAR, CARLA, LOG, Office
from .kills import killed_at

SPLIT_IN_TWO = "!meet verschiebe 2 folgende 3.12. 15-16 Uhr"
ANNA_AT, BEN_AT, CARLA_AT = "anna@example.org", "ben@example.org", "carla@example.org"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
def mailing(office: Office, mailer: FakeMailer) -> Office:
    """Invitations go by mail, over a server that takes everything."""
    deliver(office, Delivery.EMAIL)
    office.world = replace(office.world, mailer=mailer)
    office.handlers = Handlers(office.world, LOG)
    return office


def deliver(office: Office, delivery: Delivery, *, account: Delivery | None = None) -> None:
    """Set on the calendar itself, or on its account."""
    settings = office.world.in_force.file
    accounts, calendars = settings.accounts, settings.calendars
    office.change(
        accounts={name: replace(one, delivery=account or one.delivery) for name, one in accounts.items()},
        calendars={name: replace(one, delivery=None if account else delivery) for name, one in calendars.items()},
        email=Email(host="mail.example.org", sender="calbot@example.org"),
    )


def theirs() -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:theirs\r\nDTSTAMP:20261123T120000Z\r\n"
        "DTSTART:20261126T130000Z\r\nDTEND:20261126T140000Z\r\nSUMMARY:Fremd\r\nORGANIZER:mailto:chef@partner.example\r\n"
        "ATTENDEE:mailto:ben@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


async def sent(office: Office) -> None:
    await office.alarm.settle()


def mails(mailer: FakeMailer) -> dict[str, list[str]]:
    """Methods of what everybody got."""
    found: dict[str, list[str]] = {}
    for mail in mailer.taken:
        found.setdefault(mail.recipient, []).append(mail.method)
    return found


# ---------------------------------------------------------------------------------------------------- what is told


async def test_a_new_meeting_invites_by_mail(mailing: Office, mailer: FakeMailer) -> None:
    (card,) = await mailing.says("!meet neu Budgetrunde Do 14-15 ort:Rathaus @ben:example.org")
    await sent(mailing)
    assert mails(mailer) == {ANNA_AT: ["REQUEST"], BEN_AT: ["REQUEST"]}
    mail = mailer.taken[-1]
    assert mail.subject == "Einladung: Budgetrunde, Do., 26.11.2026, 14:00–15:00 Uhr"
    assert "Wann: Do., 26.11.2026, 14:00–15:00 Uhr (Zeitzone Europe/Berlin)\nWo: Rathaus" in mail.text
    assert (mail.sender, mail.reply_to) == ("calbot@example.org", "termine@example.org")
    assert "METHOD:REQUEST" in mail.ics
    assert "Einladung per E-Mail geht an: Ben" in card.text
    assert "nicht verschickt" not in card.text


async def test_the_language_and_the_clock_are_those_of_the_room(mailing: Office, mailer: FakeMailer) -> None:
    mailing.change_room(language="en")
    await mailing.says("!meet new Budget Thu 14:00 @ben:example.org")
    await sent(mailing)
    assert mailer.taken[-1].subject.startswith("Invitation: Budget, Thu")
    assert "You can accept or decline" in mailer.taken[-1].text


async def test_the_server_is_told_to_leave_it_to_the_bot(mailing: Office) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    (text,) = mailing.texts()
    lines = [line for line in text.replace("\r\n ", "").split("\r\n") if line.startswith("ATTENDEE")]
    assert len(lines) == 2
    assert all("SCHEDULE-AGENT=CLIENT" in line for line in lines)


async def test_a_move_and_a_cancellation_are_told_in_order(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    *_, moved = await mailing.says("!meet verschiebe last Fr 10")
    *_, cancelled = await mailing.says("!meet absagen last")
    await sent(mailing)
    assert mailer.to(BEN_AT) == [
        ("REQUEST", "Einladung: Budgetrunde, Do., 26.11.2026, 14:00–15:00 Uhr"),
        ("REQUEST", "Geändert: Budgetrunde, Fr., 27.11.2026, 10:00–11:00 Uhr"),
        ("CANCEL", "Abgesagt: Budgetrunde, Fr., 27.11.2026, 10:00–11:00 Uhr"),
    ]
    assert "Bisher: Do., 26.11.2026, 14:00–15:00 Uhr" in mailer.taken[3].text
    ours = [mail.ics.split("\r\n") for mail in mailer.taken if mail.recipient == BEN_AT]
    sequences = [line for lines in ours for line in lines if "SEQUENCE" in line]
    assert sequences == ["SEQUENCE:0", "SEQUENCE:1", "SEQUENCE:2"]
    assert "Per E-Mail informiert werden: Ben" in moved.text
    assert "Per E-Mail informiert werden: Ben" in cancelled.text


async def test_each_of_many_changes_is_told(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    for hour in (9, 10, 11, 12):
        await mailing.says(f"!meet verschiebe last Fr {hour} Uhr")
    await sent(mailing)
    assert mails(mailer)[BEN_AT] == ["REQUEST"] * 5
    assert len({mail.key for mail in mailer.taken}) == len(mailer.taken)


async def test_taking_back_is_told_as_well(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await mailing.says("!meet rückgängig")
    await sent(mailing)
    assert mails(mailer)[BEN_AT] == ["REQUEST", "CANCEL"]


async def test_a_cancellation_that_is_taken_back_invites_anew(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await mailing.says("!meet absagen last")
    await mailing.says("!meet rückgängig")
    await sent(mailing)
    assert mails(mailer)[BEN_AT] == ["REQUEST", "CANCEL", "REQUEST"]
    uids = [mail.uid for mail in mailer.taken if mail.recipient == BEN_AT]
    assert uids[0] == uids[1] != uids[2]


async def test_a_poll_invites_when_it_is_booked(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet umfrage Budgetrunde Do 14-15; Fr 10-11 @ben:example.org")
    await mailing.says("!meet stimme 2", by=BEN)
    await mailing.says("!meet schließen")
    await mailing.pass_time(MINUTE)
    assert mails(mailer) == {ANNA_AT: ["REQUEST"], BEN_AT: ["REQUEST"]}
    await mailing.says("!meet buche 1")
    await mailing.pass_time(MINUTE)
    assert mails(mailer)[BEN_AT] == ["REQUEST", "REQUEST"]
    assert mailer.taken[-1].subject.startswith("Geändert: Budgetrunde, Do., 26.11.2026")


async def test_what_holds_times_while_people_vote_invites_nobody(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet umfrage Budgetrunde Do 14-15; Fr 10-11 holds @ben:example.org")
    await mailing.pass_time(MINUTE)
    assert len(mailing.texts()) == 2
    assert mailer.taken == []


async def test_an_answer_is_mailed_to_nobody(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)
    before = len(mailer.taken)
    await mailing.says("!meet zusagen last", by=ANNA)
    await mailing.says("!meet ja Budgetrunde", by=BEN)
    await mailing.says("!meet vielleicht Budgetrunde", by=CARLA)
    await sent(mailing)
    assert f"PARTSTAT={PartStat.ACCEPTED.value}" in mailing.texts()[0]
    assert len(mailer.taken) == before


async def test_who_has_no_address_is_mailed_nothing(mailing: Office, mailer: FakeMailer) -> None:
    (card,) = await mailing.says("!meet neu Budgetrunde Do 14-15 @gast:partner.example")
    await sent(mailing)
    assert mails(mailer) == {ANNA_AT: ["REQUEST"]}
    assert "E-Mail geht an" not in card.text


async def test_private_events_are_told_in_full_to_those_on_them(mailing: Office, mailer: FakeMailer) -> None:
    """The room sees nothing but the time; who is invited has to know to what."""
    calendars = mailing.world.in_force.file.calendars
    mailing.change(calendars={name: replace(one, show=Show.BUSY) for name, one in calendars.items()})
    await mailing.says("!meet neu Personalsache Do 14-15 @ben:example.org")
    await sent(mailing)
    assert mailer.to(BEN_AT)[0][1].startswith("Einladung: Personalsache")


# ------------------------------------------------------------------------------------------------- what is not told


async def test_an_event_that_somebody_else_organises_is_not_told_by_us(mailing: Office, mailer: FakeMailer) -> None:
    mailing.calendar.put(CALENDAR, "theirs", theirs())
    await mailing.pull()
    mailing.change_room(levels=Levels(cancel=0))
    await mailing.says("!meet liste")
    *_, moved = await mailing.says("!meet verschiebe 1 Fr 10")
    await sent(mailing)
    assert "DTSTART;TZID=Europe/Berlin:20261127T100000" in mailing.texts()[0]
    assert mailer.taken == []
    assert "wurde niemand per E-Mail benachrichtigt" in moved.text


async def test_what_the_calendar_refuses_is_told_to_nobody(mailing: Office, mailer: FakeMailer) -> None:
    mailing.calendar.read_only.add(CALENDAR)
    (refused,) = await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await mailing.pass_time(HOUR)
    assert refused.kind is Kind.ERROR
    assert mailer.taken == []
    assert await mailing.world.stores.mail.drafts() == []


async def test_what_may_not_have_been_written_is_told_once_that_is_known(mailing: Office, mailer: FakeMailer) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)
    mailing.calendar.lose_answer = True
    await mailing.says("!meet verschiebe last Fr 10")
    await mailing.pass_time(5 * MINUTE)
    assert mails(mailer)[BEN_AT] == ["REQUEST", "REQUEST"]


async def test_what_was_not_written_after_all_is_told_to_nobody(
    mailing: Office, mailer: FakeMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)

    async def away(*_: object) -> None:
        raise CalendarUnavailable("calendar_timeout")

    with monkeypatch.context() as patches:
        patches.setattr(mailing.calendar, "update", away)
        await mailing.says("!meet verschiebe last Fr 10")
    await mailing.pass_time(5 * MINUTE)
    assert mails(mailer)[BEN_AT] == ["REQUEST"]
    assert await mailing.world.stores.mail.drafts() == []


async def test_what_was_said_not_to_be_written_invites_nobody(mailing: Office, mailer: FakeMailer) -> None:
    mailing.calendar.lose_answer = True
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await mailing.pass_time(HOUR)
    assert mailing.texts() == []
    assert mailer.taken == []


# --------------------------------------------------------------------------------------------------------- by whom


@pytest.mark.parametrize(
    ("principal", "mailed"),
    [
        (Principal("/p/", frozenset({"termine@example.org"}), delivers=True), False),
        (Principal("/p/", frozenset({"svc-calbot@example.org"}), delivers=True), True),
        (Principal("/p/", frozenset({"termine@example.org"}), delivers=False), True),
        (None, True),
    ],
    ids=["its own", "another organizer", "no scheduling", "unknown"],
)
async def test_the_account_s_server_invites_in_its_own_name_only(
    mailing: Office, mailer: FakeMailer, principal: Principal | None, mailed: bool
) -> None:
    deliver(mailing, Delivery.SERVER, account=Delivery.SERVER)
    mailing.calendar.principals[AccountName("city")] = principal
    (card,) = await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)
    assert bool(mailer.taken) is mailed
    assert ("SCHEDULE-AGENT=CLIENT" in mailing.texts()[0].replace("\r\n ", "")) is mailed
    assert ("Der Kalenderserver lädt ein: Ben" in card.text) is not mailed
    assert ("per E-Mail geht an: Ben" in card.text) is mailed


async def test_what_is_set_on_the_calendar_itself_the_admin_knows(mailing: Office, mailer: FakeMailer) -> None:
    deliver(mailing, Delivery.SERVER)
    mailing.calendar.principals[AccountName("city")] = None
    (card,) = await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)
    assert mailer.taken == []
    assert "Der Kalenderserver lädt ein: Ben" in card.text


@pytest.mark.parametrize("delivery", [Delivery.EMAIL, Delivery.SERVER])
async def test_without_a_mail_server_nobody_is_said_to_be_invited(office: Office, delivery: Delivery) -> None:
    deliver(office, delivery, account=delivery)
    office.calendar.principals[AccountName("city")] = None
    (card,) = await office.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    assert "Einladungen per E-Mail wurden nicht verschickt." in card.text
    *_, moved = await office.says("!meet verschiebe last Fr 10")
    assert "wurde niemand per E-Mail benachrichtigt" in moved.text


async def test_whom_the_server_could_not_invite_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(office, Delivery.SERVER)
    create = office.calendar.create

    async def creates(calendar: CalendarName, name: str, data: str) -> CalendarObject:
        text = data.replace("\r\n ", "").replace(":mailto:ben@", ";SCHEDULE-STATUS=3.7:mailto:ben@")
        return await create(calendar, name, text.replace(":mailto:carla@", ";SCHEDULE-STATUS=1.2:mailto:carla@"))

    monkeypatch.setattr(office.calendar, "create", creates)
    (card,) = await office.says("!meet neu Budgetrunde Do 14-15 @ben:example.org @carla:example.org")
    assert "Der Kalenderserver konnte nicht einladen: Ben" in card.text
    assert "Der Kalenderserver lädt ein: Carla" in card.text


# ------------------------------------------------------------------------------------------------------------ sending


async def test_mail_waits_for_its_server_and_stays_in_order(mailing: Office, mailer: FakeMailer) -> None:
    mailer.unavailable = MailUnavailable("mail_unreachable")
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await mailing.says("!meet verschiebe last Fr 10")
    await mailing.pass_time(3 * HOUR)
    assert mailer.taken == []
    (status,) = await mailing.says("!meet zustand")
    assert "Der Mailserver ist nicht erreichbar" in status.text
    mailer.unavailable = None
    await mailing.pass_time(HOUR)
    assert [subject[:9] for _, subject in mailer.to(BEN_AT)] == ["Einladung", "Geändert:"]
    (status,) = await mailing.says("!meet zustand")
    assert "Mailserver" not in status.text


async def test_who_is_put_off_holds_up_nobody_else(mailing: Office, mailer: FakeMailer) -> None:
    mailer.answers[BEN_AT] = MailDeferred("mail_recipient")
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org @carla:example.org")
    await sent(mailing)
    assert mails(mailer) == {ANNA_AT: ["REQUEST"], CARLA_AT: ["REQUEST"]}
    await mailing.says("!meet verschiebe last Fr 10")
    await sent(mailing)
    assert BEN_AT not in mails(mailer)
    del mailer.answers[BEN_AT]
    await mailing.pass_time(5 * MINUTE)
    assert [subject[:9] for _, subject in mailer.to(BEN_AT)] == ["Einladung", "Geändert:"]


async def test_what_is_refused_is_told_where_it_was_asked_for(mailing: Office, mailer: FakeMailer) -> None:
    mailer.answers[BEN_AT] = MailRefused("mail_recipient")
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    said = await mailing.pass_time(MINUTE)
    told = [message for message in said if message.kind is Kind.ERROR]
    assert len(told) == 1
    assert "Die E-Mail an Ben zum Termin „Budgetrunde“ konnte nicht zugestellt werden." in told[0].text
    assert told[0].discloses
    (status,) = await mailing.says("!meet zustand")
    assert BEN_AT in status.text


async def test_what_cannot_be_sent_for_two_days_is_given_up(mailing: Office, mailer: FakeMailer) -> None:
    mailer.unavailable = MailUnavailable("mail_login")
    await mailing.says("!meet neu Budgetrunde 3.12. 14-15 @ben:example.org")
    await mailing.pass_time(timedelta(days=1, hours=23))
    assert len(await mailing.world.stores.mail.due(mailing.clock() + HOUR, 10)) == 2
    said = await mailing.pass_time(timedelta(hours=2))
    assert sum("konnte nicht zugestellt werden" in message.text for message in said) == 2
    mailer.unavailable = None
    await mailing.pass_time(timedelta(hours=3))
    assert mailer.taken == []


async def test_one_mail_that_breaks_connections_does_not_stop_the_others(mailing: Office, mailer: FakeMailer) -> None:
    mailer.breaks_at.add(ANNA_AT)
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org @carla:example.org")
    await sent(mailing)
    assert mails(mailer) == {ANNA_AT: ["REQUEST"], BEN_AT: ["REQUEST"], CARLA_AT: ["REQUEST"]}
    mailer.breaks_at.clear()
    await mailing.pass_time(2 * MINUTE)
    keys = [mail.key for mail in mailer.taken if mail.recipient == ANNA_AT]
    assert len(keys) == 2
    assert len(set(keys)) == 1  # a mail that may have arrived comes again under the same name
    assert mailer.open == 0


async def test_contents_are_forgotten_once_they_are_sent(mailing: Office, mailer: FakeMailer) -> None:
    mailer.answers[BEN_AT] = MailRefused("mail_recipient")
    await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
    await sent(mailing)
    sql = mailing.world.stores._sql  # type: ignore[attr-defined]
    rows = await sql.rows("SELECT state, contents FROM mail ORDER BY number")
    assert [(row["state"], row["contents"]) for row in rows] == [("sent", None), ("failed", None)]


# -------------------------------------------------------------------------------------------------------------- kills


@pytest.mark.parametrize("step", ["mail.drafted", "write.expected", "write.done", "calendar.mirrored", "mail.released"])
@pytest.mark.parametrize("act", ["new", "move", "cancel"])
async def test_a_kill_neither_loses_nor_doubles_a_mail(
    mailing: Office, mailer: FakeMailer, step: str, act: str
) -> None:
    if act != "new":
        await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
        await mailing.pass_time(MINUTE)
    command = {
        "new": "!meet neu Budgetrunde Do 14-15 @ben:example.org",
        "move": "!meet verschiebe last Fr 10",
        "cancel": "!meet absagen last",
    }[act]
    assert await killed_at(mailing, step, lambda: mailing.says(command))
    await mailing.pass_time(5 * MINUTE)
    expected = {"new": ["REQUEST"], "move": ["REQUEST", "REQUEST"], "cancel": ["REQUEST", "CANCEL"]}[act]
    assert mails(mailer) == {ANNA_AT: expected, BEN_AT: expected}
    assert await mailing.world.stores.mail.drafts() == []


# --------------------------------------------------------------------------------- servers that choose names themselves


def renames(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is created lies under another name than it was given."""
    create = office.calendar.create

    async def elsewhere(calendar: CalendarName, name: str, data: str) -> CalendarObject:
        return await create(calendar, f"renamed-{name}", data)

    monkeypatch.setattr(office.calendar, "create", elsewhere)


@pytest.mark.parametrize("command", ["!meet neu Budgetrunde Do 14-15 @ben:example.org", SPLIT_IN_TWO])
async def test_what_the_server_gives_another_name_is_told_all_the_same(
    mailing: Office, mailer: FakeMailer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    await weekly(mailing)
    renames(mailing, monkeypatch)
    await mailing.says(command)
    await mailing.pass_time(5 * MINUTE)
    assert [subject.split(":")[0] for _, subject, _ in told(mailer)][-1] == "Einladung"
    assert await mailing.world.stores.mail.drafts() == []


@pytest.mark.parametrize("step", ["write.done", "calendar.mirrored", "mail.released"])
async def test_what_got_another_name_before_a_kill_is_there_once(
    mailing: Office, mailer: FakeMailer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    renames(mailing, monkeypatch)
    assert await killed_at(mailing, step, lambda: mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org"))
    await mailing.pass_time(5 * MINUTE)
    assert len(mailing.texts()) == 1
    assert [message.kind for message in mailing.said(Kind.ERROR)] == []
    assert len(mailing.said(Kind.MEETING)) == 1
    assert mails(mailer) == {ANNA_AT: ["REQUEST"], BEN_AT: ["REQUEST"]}
    assert await mailing.world.stores.mail.drafts() == []


# ------------------------------------------------------------------------------------------------- series in two halves


SPLITS = {
    "move": SPLIT_IN_TWO,
    "edit": '!meet ändere 2 folgende titel:"Neuer Name"',
    "cancel": "!meet absagen 2 folgende",
}


async def weekly(office: Office) -> None:
    await office.says(f"!meet neu Jour fixe jeden Mittwoch 10-11 {BEN}")
    await office.says("!meet liste 21t")
    await office.pass_time(MINUTE)


def told(mailer: FakeMailer, since: int = 1) -> list[tuple[str, str, bool]]:
    """What Ben got since the invitation: method, subject, and whether it ends the series."""
    mails = [mail for mail in mailer.taken if mail.recipient == BEN_AT][since:]
    return [(mail.method, mail.subject, "UNTIL=20261125T090000Z" in mail.ics.replace("\r\n ", "")) for mail in mails]


ENDED = ("REQUEST", "Geändert: Jour fixe, Mi., 25.11.2026, 10:00–11:00 Uhr", True)
TOLD = {
    "move": [ENDED, ("REQUEST", "Einladung: Jour fixe, Do., 03.12.2026, 15:00–16:00 Uhr", False)],
    "edit": [ENDED, ("REQUEST", "Einladung: Neuer Name, Mi., 02.12.2026, 10:00–11:00 Uhr", False)],
    "cancel": [ENDED],
}


@pytest.mark.parametrize(
    "step",
    [
        *("", "mail.drafted", "write.expected", "write.done", "split.second", "split.first"),
        *("calendar.mirrored", "mail.released", "change.noted"),
    ],
)
@pytest.mark.parametrize("verb", SPLITS)
async def test_of_a_series_in_two_halves_each_is_told_once(
    mailing: Office, mailer: FakeMailer, verb: str, step: str
) -> None:
    await weekly(mailing)
    await killed_at(mailing, step, lambda: mailing.says(SPLITS[verb]))
    await mailing.pass_time(5 * MINUTE)
    assert sorted(told(mailer)) == sorted(TOLD[verb])
    assert await mailing.world.stores.mail.drafts() == []


@pytest.mark.parametrize("step", ["", "join.first", "join.second", "calendar.mirrored"])
async def test_of_halves_that_become_one_again_each_is_told_once(
    mailing: Office, mailer: FakeMailer, step: str
) -> None:
    await weekly(mailing)
    await mailing.says(SPLITS["move"])
    await mailing.pass_time(MINUTE)
    await killed_at(mailing, step, lambda: mailing.says("!meet undo"))
    await mailing.pass_time(5 * MINUTE)
    assert sorted((method, ended) for method, _, ended in told(mailer, 3)) == [("CANCEL", False), ("REQUEST", False)]


async def test_who_was_invited_to_a_half_that_did_not_come_about_is_uninvited(
    mailing: Office, mailer: FakeMailer
) -> None:
    """The mail went out after a crash, and the command, run again, found the series moved."""
    await weekly(mailing)
    name, text = mailing.name(), mailing.texts()[0]
    moved = text.replace("T100000", "T130000").replace("T110000", "T140000").replace("SEQUENCE:0", "SEQUENCE:1")
    resume = mailing.resume

    async def resumed() -> None:
        mailing.calendar.put(CALENDAR, name, moved)
        await invitations.resume(mailing.world)
        await sent(mailing)
        await resume()

    mailing.resume = resumed  # type: ignore[method-assign]
    assert await killed_at(mailing, "split.second", lambda: mailing.says(SPLITS["move"]))
    await mailing.pass_time(5 * MINUTE)
    assert len(mailing.texts()) == 1
    assert [method for method, _, _ in told(mailer)] == ["REQUEST", "CANCEL"]


async def test_a_kill_after_the_server_took_a_mail_sends_it_under_the_same_name(
    mailing: Office, mailer: FakeMailer
) -> None:
    async def act() -> None:
        await mailing.says("!meet neu Budgetrunde Do 14-15 @ben:example.org")
        await sent(mailing)

    assert await killed_at(mailing, "mail.accepted", act)
    await mailing.pass_time(5 * MINUTE)
    assert len(mailer.taken) == 3
    assert len({mail.key for mail in mailer.taken}) == 2


async def test_drafts_of_calendars_that_are_no_longer_there_are_dropped(mailing: Office, mailer: FakeMailer) -> None:
    gone = MailDraft(CalendarName("gone"), Href("/gone/1.ics"), None, theirs(), None, mailing.clock())
    await mailing.world.stores.mail.draft(gone)
    await invitations.resume(mailing.world)
    await sent(mailing)
    assert await mailing.world.stores.mail.drafts() == []
    assert mailer.taken == []
