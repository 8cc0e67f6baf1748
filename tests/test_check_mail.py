"""`check` logs in to the mail server and sends nothing."""

from __future__ import annotations

import pytest

from calbot.check_mail import try_mail
from calbot.core.settings import Email, Encryption, Secret
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
        found = await try_mail(SmtpMailer(email, context=server.trusts), catalogs()["de"])
        assert [one.path for one in found] == ([path] if path else [])
        assert server.taken == []


async def test_encryption_that_is_not_offered_is_a_finding() -> None:
    async with running(tls="none") as server:
        email = Email(host=HOST, port=server.port, tls=Encryption.STARTTLS)
        (found,) = await try_mail(SmtpMailer(email, context=server.trusts), catalogs()["de"])
    assert found.path == "email.tls"
    assert found.text == "Die verschlüsselte Verbindung zum Mailserver kommt nicht zustande."
