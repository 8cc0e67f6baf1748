"""`check` logs in to the mail server and sends nothing."""

from __future__ import annotations

import pytest

from calbot.check_mail import try_mail
from calbot.core.model import AccountName, CalendarName
from calbot.core.settings import Account, Calendar, Delivery, Email, Encryption, Secret, Settings
from calbot.mail import SmtpMailer
from tests.services.conftest import catalogs

from .smtp_server import HOST, PASSWORD, USER, running


@pytest.mark.parametrize(
    ("password", "path"),
    [
        (Secret(PASSWORD), None),
        (Secret("falsch"), "email.username"),
        (Secret(file="/no/such/file"), "email.password"),
    ],
)
async def test_the_login_is_tried(password: Secret, path: str | None) -> None:
    async with running(login=True) as server:
        email = Email(host=HOST, port=server.port, username=USER, password=password)
        found = await try_mail(Settings(email=email), SmtpMailer(email, context=server.trusts), catalogs()["de"])
        assert [one.path for one in found] == ([path] if path else [])
        assert server.taken == []


async def test_encryption_that_is_not_offered_is_a_finding() -> None:
    async with running(tls="none") as server:
        email = Email(host=HOST, port=server.port, tls=Encryption.STARTTLS)
        (found,) = await try_mail(Settings(email=email), SmtpMailer(email, context=server.trusts), catalogs()["de"])
    assert found.path == "email.tls"
    assert found.text == "Die verschlüsselte Verbindung zum Mailserver kommt nicht zustande."


@pytest.mark.parametrize("sender", ["calbot@example.org", "fremd@example.org"])
async def test_the_sender_is_tried_and_nothing_is_sent(sender: str) -> None:
    async with running(login=True) as server:
        server.senders["fremd@example.org"] = "550 5.7.1 not yours"
        email = Email(host=HOST, port=server.port, username=USER, password=Secret(PASSWORD), sender=sender)
        found = await try_mail(Settings(email=email), SmtpMailer(email, context=server.trusts), catalogs()["de"])
        assert [one.path for one in found] == (["email.sender"] if sender.startswith("fremd") else [])
        assert server.taken == []


async def test_without_a_sender_those_who_invite_are_tried() -> None:
    account = Account(AccountName("city"), "https://x/", "u", Secret("p"), address="amt@example.org")
    calendars = [
        Calendar(CalendarName("it"), account.name, "https://x/it/", delivery=Delivery.EMAIL),
        Calendar(CalendarName("bau"), account.name, "https://x/bau/", delivery=Delivery.EMAIL),
        Calendar(
            CalendarName("rat"), account.name, "https://x/r/", delivery=Delivery.EMAIL, organizer="rat@example.org"
        ),
        Calendar(CalendarName("none"), account.name, "https://x/n/", organizer="none@example.org"),
    ]
    async with running(login=True) as server:
        refused = ("amt@example.org", "rat@example.org", "none@example.org")
        server.senders.update(dict.fromkeys(refused, "550 5.7.1 not yours"))
        email = Email(host=HOST, port=server.port, username=USER, password=Secret(PASSWORD))
        settings = Settings(
            accounts={account.name: account}, calendars={one.name: one for one in calendars}, email=email
        )
        found = await try_mail(settings, SmtpMailer(email, context=server.trusts), catalogs()["en"])
        assert [one.path for one in found] == ["accounts.city.address", "calendars.rat.organizer"]
