"""What `check` finds out by the network: each account's login and principal, and each calendar, with what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from calbot.core.configuration import below
from calbot.core.i18n import Catalog
from calbot.core.model import AccountName
from calbot.core.settings import Access, Account, Calendar, Delivery, FreeBusy, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalbotError, CalendarUnavailable
from calbot.ports import CalendarFacts, Principal

# What an account alone can be at fault for, and what to do about it. With any of these its calendars are not tried: a
# login that is refused again for each of them might get locked.
_OF_ACCOUNT: Final[Mapping[str, str]] = {
    "calendar_login": "check.mend_login",
    "calendar_secret": "check.mend_secret",
    "calendar_tls": "check.mend_tls",
    "calendar_ca_file": "check.mend_ca_file",
    "calendar_timeout": "check.mend_timeout",
    "calendar_unreachable": "check.mend_unreachable",
    "calendar_elsewhere": "check.mend_elsewhere",
}
_MOST: Final = 10  # calendars that are named in place of one that is not there


@dataclass(frozen=True, slots=True)
class Finding:
    """A line to print. A note is good to know and no fault."""

    path: str
    text: str
    note: bool = False


async def try_everything(settings: Settings, gateway: DavGateway, catalog: Catalog) -> list[Finding]:
    """Accounts side by side, in the order of the file."""
    accounts = settings.accounts.values()
    found = await asyncio.gather(*(_Attempt(account, settings, gateway, catalog).findings() for account in accounts))
    return [finding for findings in found for finding in findings]


@dataclass(frozen=True, slots=True)
class _Attempt:
    account: Account
    settings: Settings
    gateway: DavGateway
    catalog: Catalog

    async def findings(self) -> list[Finding]:
        path = below("accounts", self.account.name)
        principal = None
        findings: list[Finding] = []
        try:
            principal = await self.gateway.principal(self.account.name)
        except CalendarUnavailable as error:
            findings.append(self._of_account(path, error))
            if error.reason in _OF_ACCOUNT:
                return findings
        else:
            findings.extend(self._judge_account(path, principal))
        for calendar in self.settings.calendars.values():
            if calendar.account == self.account.name:
                findings.extend(await self._try_calendar(calendar, principal))
        return findings

    def _of_account(self, path: str, error: CalendarUnavailable) -> Finding:
        if error.reason == "calendar_secret" and (where := self._secret()):
            return Finding(f"{path}.password", where)
        return Finding(path, self._reason(error))

    def _judge_account(self, path: str, principal: Principal | None) -> Iterator[Finding]:
        if principal is None:
            yield self._note(path, "check.no_principal")
        elif principal.outbox is None and self.account.freebusy is FreeBusy.MEMBERS:
            yield self._note(f"{path}.freebusy", "check.no_outbox")
        if self.account.delivery is Delivery.SERVER and principal is not None and not principal.delivers:
            yield self._uninvited(f"{path}.delivery", "check.no_delivery")

    async def _try_calendar(self, calendar: Calendar, principal: Principal | None) -> list[Finding]:
        path = below("calendars", calendar.name)
        try:
            facts = await self.gateway.probe(calendar.name)
            if not facts.exists:
                return [Finding(f"{path}.url", await self._no_calendar(calendar.account))]
        except CalendarUnavailable as error:
            return [Finding(path, self._reason(error))]
        if not facts.is_calendar:
            return [self._fault(f"{path}.url", "check.not_a_calendar")]
        return [
            *self._judge_calendar(path, calendar, facts),
            *(self._judge_organizer(path, calendar, principal) if calendar.access is Access.READ_WRITE else ()),
        ]

    def _judge_calendar(self, path: str, calendar: Calendar, facts: CalendarFacts) -> Iterator[Finding]:
        if facts.moved_to:
            yield self._note(f"{path}.url", "check.moved", url=facts.moved_to)
        if not facts.holds_events:
            yield self._fault(f"{path}.url", "check.only_tasks")
        if calendar.access is Access.READ_WRITE and facts.writable is False:
            yield self._fault(f"{path}.access", "check.not_writable")
        if calendar.access is Access.READ_WRITE and facts.writable is None:
            yield self._note(f"{path}.access", "check.rights_unknown")
        if facts.free_busy is False and self.account.freebusy is FreeBusy.MEMBERS:
            yield self._note(path, "check.no_free_busy")
        if not facts.syncs:
            yield self._note(path, "check.no_sync")

    def _judge_organizer(self, path: str, calendar: Calendar, principal: Principal | None) -> Iterator[Finding]:
        """Whether the server really invites in that name: only the account's own is safe, on every server."""
        if self.settings.delivery(calendar.name) is not Delivery.SERVER:
            return
        organizer = self.settings.organizer(calendar.name)
        own_setting = calendar.delivery is Delivery.SERVER
        if own_setting and principal is not None and not principal.delivers:
            yield self._fault(f"{path}.delivery", "check.no_delivery")
        elif own_setting or not organizer or principal is None or not principal.delivers or principal.is_own(organizer):
            return  # as it should be, or said elsewhere
        elif principal.addresses:
            own = ", ".join(sorted(principal.addresses))
            yield self._uninvited(f"{path}.organizer", "check.organizer_not_own", address=organizer, own=own)
        else:
            yield self._uninvited(f"{path}.organizer", "check.no_own_address", address=organizer)

    async def _no_calendar(self, account: AccountName) -> str:
        offered = await self.gateway.offered(account)
        if not offered:
            return self.catalog.text("check.no_calendar")
        return self.catalog.text("check.no_calendar_but", calendars=" ".join(offered[:_MOST]))

    def _secret(self) -> str:
        """Where the password was looked for. Names of variables and files are no secrets."""
        secret = self.account.password
        if secret.env:
            return self.catalog.text("check.no_variable", name=secret.env)
        return self.catalog.text("check.no_password_file", file=secret.file) if secret.file else ""

    def _reason(self, error: CalbotError) -> str:
        text = self.catalog.text(f"error.{error.reason}", **error.params)
        mend = _OF_ACCOUNT.get(error.reason)
        return f"{text} {self.catalog.text(mend)}" if mend else text

    def _uninvited(self, path: str, id: str, **params: str) -> Finding:
        """No fault where the bot sends the invitations that the server does not."""
        if self.settings.email.host:
            return self._note(path, "check.by_mail")
        return self._fault(path, id, **params)

    def _fault(self, path: str, id: str, **params: str) -> Finding:
        return Finding(path, self.catalog.text(id, **params))

    def _note(self, path: str, id: str, **params: str) -> Finding:
        return Finding(path, self.catalog.text(id, **params), note=True)
