"""Mail over a real mail server: what arrives there, and what is made of what it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from calbot.core.mail import Mail
from calbot.core.model import CalendarName, RoomId, Uid
from calbot.core.settings import Email, Encryption, Secret
from calbot.errors import CalbotError, MailDeferred, MailRefused, MailUnavailable
from calbot.mail import SmtpMailer
from demo.process import free_port

from .smtp_server import HOST, PASSWORD, USER, MailServer, running

ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n"
    "BEGIN:VEVENT\r\nSUMMARY:Straße 🚲\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def mail(**changes: object) -> Mail:
    sample = Mail(
        key="mail-0123456789abcdef",
        calendar=CalendarName("it-team"),
        uid=Uid("uid-1"),
        room=RoomId("!it:example.org"),
        sender="calbot@example.org",
        sender_name="it-team",
        reply_to="termine@example.org",
        recipient="ben@example.org",
        recipient_name="Ben Grün",
        subject="Einladung: Straßenfest 🚲",
        text="Sie sind eingeladen: Straßenfest\n.\nWann: morgen",
        method="REQUEST",
        ics=ICS,
        queued_at=datetime(2026, 11, 24, 8, tzinfo=timezone.utc),
    )
    return replace(sample, **changes)  # type: ignore[arg-type]


def mailer(server: MailServer, tls: str = "starttls", **changes: object) -> SmtpMailer:
    settings = Email(host=HOST, port=server.port, tls=Encryption(tls), sender="calbot@example.org")
    return SmtpMailer(replace(settings, **changes), context=server.trusts, timeout=5.0)  # type: ignore[arg-type]


async def send(sender: SmtpMailer, *mails: Mail) -> None:
    async with sender.session() as session:
        for one in mails:
            await session.send(one)


@pytest.mark.parametrize("tls", ["starttls", "tls", "none"])
async def test_a_mail_arrives_as_mail_programs_want_it(tls: str) -> None:
    async with running(tls=tls) as server:
        await send(mailer(server, tls), mail())
        assert server.encrypted == [tls == "starttls"] or tls == "tls"
        (envelope,) = server.taken
        assert (envelope.mail_from, envelope.rcpt_tos) == ("calbot@example.org", ["ben@example.org"])
        (message,) = server.messages()
    assert message["From"] == "it-team <calbot@example.org>"
    assert message["To"] == "Ben Grün <ben@example.org>"
    assert message["Reply-To"] == "termine@example.org"
    assert message["Subject"] == "Einladung: Straßenfest 🚲"
    assert message["Message-ID"] == "<mail-0123456789abcdef@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Tue, 24 Nov 2026 08:00:00 +0000"
    assert message.get_content_type() == "multipart/mixed"
    body, attachment = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    text, calendar = body.iter_parts()
    assert text.get_content().splitlines() == ["Sie sind eingeladen: Straßenfest", ".", "Wann: morgen"]
    assert calendar.get_content_type() == "text/calendar"
    assert (calendar.get_param("method"), calendar.get_param("charset")) == ("REQUEST", "utf-8")
    assert calendar.get_payload(decode=True) == ICS.encode()
    assert (attachment.get_content_type(), attachment.get_filename()) == ("application/ics", "invite.ics")
    assert attachment.get_payload(decode=True) == ICS.encode()


async def test_several_mails_go_over_one_connection() -> None:
    async with running() as server:
        await send(mailer(server), mail(), mail(key="mail-2", method="CANCEL"))
        assert server.connections == 1
        assert len(server.taken) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Budget\r\nBcc: boss@example.org"},
        {"subject": "Budget\u2028Bcc: boss@example.org"},
        {"sender_name": "Team\r\nBcc: boss@example.org\r\n\r\nHello"},
        {"recipient_name": 'Ben" <boss@example.org>, "x'},
        {"recipient_name": "=?utf-8?q?Ben=0ABcc=3A_boss=40example=2Eorg?="},
        {"subject": "=?utf-8?q?Budget=0D=0ABcc=3A_boss=40example=2Eorg?="},
        {"text": "Hello\r\n.\r\nMAIL FROM:<boss@example.org>"},
    ],
    ids=["subject", "line separator", "sender", "address in a name", "encoded name", "encoded subject", "end of data"],
)
async def test_no_text_becomes_a_header_or_a_command(changes: dict[str, object]) -> None:
    async with running() as server:
        await send(mailer(server), mail(**changes))
        (envelope,) = server.taken
        (message,) = server.messages()
    assert envelope.rcpt_tos == ["ben@example.org"]
    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["ben@example.org"]
    assert [address.addr_spec for address in message["From"].addresses] == ["calbot@example.org"]
    assert message["Message-ID"] == "<mail-0123456789abcdef@example.org>"


# -------------------------------------------------------------------------------------------------------------- login


@pytest.mark.parametrize("tls", ["starttls", "tls", "none"])
async def test_the_login_is_used_where_one_is_given(tls: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    async with running(tls=tls, login=True) as server:
        sender = mailer(server, tls, username=USER, password=Secret(file=str(tmp_path / "password")))
        await send(sender, mail())
        assert server.logins == [USER]
        assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("password", "reason"),
    [(Secret("falsch"), "mail_login"), (Secret(env="CALBOT_NO_SUCH_VARIABLE"), "mail_secret")],
)
async def test_a_login_that_fails_is_named(password: Secret, reason: str) -> None:
    async with running(login=True) as server:
        with pytest.raises(MailUnavailable) as caught:
            await send(mailer(server, username=USER, password=password), mail())
    assert caught.value.reason == reason


async def test_a_server_without_logins_is_named() -> None:
    async with running(tls="none") as server:
        mute = mailer(server, "none", username=USER, password=Secret(PASSWORD))
        # aiosmtpd offers a login only where it has somebody to ask.
        server.authenticate = None  # type: ignore[assignment, method-assign]
        with pytest.raises(MailUnavailable) as caught:
            await send(mute, mail())
    assert caught.value.reason == "mail_login"


# --------------------------------------------------------------------------------------------------------- encryption


async def test_a_certificate_of_somebody_else_is_not_trusted() -> None:
    for tls in ("starttls", "tls"):
        async with running(tls=tls) as server, running() as other:
            settings = Email(host=HOST, port=server.port, tls=Encryption(tls))
            with pytest.raises(MailUnavailable) as caught:
                await send(SmtpMailer(settings, context=other.trusts), mail())
            assert caught.value.reason == "mail_tls"
            assert server.taken == []


async def test_nothing_goes_in_clear_where_encryption_is_asked_for() -> None:
    async with running(tls="none") as server:
        with pytest.raises(MailUnavailable) as caught:
            await send(mailer(server, "starttls"), mail())
    assert caught.value.reason == "mail_tls"
    assert server.taken == []


# ------------------------------------------------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("place", "answer", "error", "reason"),
    [
        ("recipients", "550 5.1.1 no such user", MailRefused, "mail_recipient"),
        ("recipients", "450 4.7.1 greylisted, try later", MailDeferred, "mail_recipient"),
        ("contents", "554 5.7.1 looks like spam", MailRefused, "mail_refused"),
        ("contents", "451 4.3.0 try later", MailDeferred, "mail_refused"),
    ],
)
async def test_what_concerns_one_mail_leaves_the_others(
    place: str, answer: str, error: type[CalbotError], reason: str
) -> None:
    async with running() as server:
        getattr(server, place)["ben@example.org"] = [answer]
        async with mailer(server).session() as session:
            with pytest.raises(error) as caught:
                await session.send(mail())
            await session.send(mail(recipient="carla@example.org"))
            await session.send(mail())
    assert caught.value.reason == reason
    assert [envelope.rcpt_tos for envelope in server.taken] == [["carla@example.org"], ["ben@example.org"]]


async def test_a_sender_that_is_refused_concerns_all_mail() -> None:
    async with running() as server:
        server.senders["calbot@example.org"] = "553 5.7.1 not your address"
        with pytest.raises(MailUnavailable) as caught:
            await send(mailer(server), mail())
    assert caught.value.reason == "mail_sender"


async def test_a_connection_that_breaks_after_the_mail_leaves_open_whether_it_arrived() -> None:
    async with running() as server:
        server.hang_up_after_data = 1
        with pytest.raises(MailUnavailable) as caught:
            await send(mailer(server), mail())
        assert caught.value.reason == "mail_unreachable"
        await send(mailer(server), mail())
        first, second = server.messages()
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(MailUnavailable) as caught:
        await send(SmtpMailer(Email(host=HOST, port=free_port(), tls=Encryption.NONE)), mail())
    assert caught.value.reason == "mail_unreachable"


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    open_ones: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: open_ones.append(writer), HOST, 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(MailUnavailable) as caught:
            await send(SmtpMailer(Email(host=HOST, port=port, tls=Encryption.NONE), timeout=0.2), mail())
        for writer in open_ones:
            writer.close()
            await writer.wait_closed()
    assert caught.value.reason == "mail_timeout"
