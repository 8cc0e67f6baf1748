"""Reads the whole configuration. Accounts, calendars and rooms refer to each other.

A broken one is left out by itself, and with it, each with a finding of its own, what depends on it: a room that lost
one of its calendars might otherwise write to another one than it should. Everything else works.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from calbot.core.model import AccountName, CalendarName, Locale, RoomId
from calbot.core.people import plain_address
from calbot.core.settings import (
    Access,
    Account,
    Auth,
    Calendar,
    Defaults,
    Delivery,
    Problem,
    Resource,
    Room,
    Settings,
)

from . import values
from .findings import AT_LINE, WHOLE, Findings, Unexpected, below
from .keys import Key
from .kinds import Kind
from .schema import (
    ACCOUNT,
    ACCOUNTS,
    CALENDAR,
    CALENDARS,
    DEFAULTS,
    LANGUAGES,
    RESOURCE,
    RESOURCES,
    ROOM,
    ROOMS,
    SCHEMA,
)
from .section import Section

_LOOPBACK: Final = ("http://localhost", "http://127.", "http://[::1]")
_INHERITED: Final = ("language", "timezone", "duration", "reminders", "alarms", "mention")  # by rooms, of the defaults


@dataclass(frozen=True, slots=True)
class NotYaml:
    """Stands for a configuration that could not be read as YAML at all. Lines count from 1; 0: not known."""

    line: int = 0


def read_settings(raw: object, languages: Collection[Locale] = LANGUAGES) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings as far as they are usable, and everything that is wrong or noteworthy. Never raises.

    `languages` are those that there are texts for.
    """
    findings = Findings()
    if isinstance(raw, NotYaml):
        findings.error(f"{AT_LINE}{raw.line}" if raw.line else WHOLE, "expected_yaml")
        return Settings(), tuple(findings.problems)
    if raw is not None and not isinstance(raw, Mapping):
        findings.error(WHOLE, "expected_map")
        return Settings(), tuple(findings.problems)
    root = Section(findings, "", raw)
    language = Key("language", values.language(languages))
    defaults = root.below("defaults").build(DEFAULTS, language)
    accounts_section, calendars_section = root.below("accounts"), root.below("calendars")
    accounts = _accounts(accounts_section)
    calendars = _calendars(calendars_section, accounts, accounts_section.keys)
    settings = Settings(
        accounts=accounts,
        calendars=calendars,
        rooms=_rooms(root.below("rooms"), calendars, calendars_section.keys, defaults, language),
        resources=_resources(root.below("resources"), calendars, calendars_section.keys),
        **root.record(SCHEMA, defaults=defaults),
    )
    root.end()
    _check_delivery(findings, settings)
    return settings, tuple(findings.problems)


# ---------------------------------------------------------------------------------------------------------- accounts


def _accounts(section: Section) -> dict[AccountName, Account]:
    found = section.each(ACCOUNTS, lambda name: _account(section.below(name), AccountName(name)))
    return {account.name: account for account in found.values()}


def _account(section: Section, name: AccountName) -> Account | None:
    if not section.is_map:
        return None
    before = section.findings.errors
    auth = section.take(ACCOUNT.key("auth"))
    # A bearer token says by itself whose it is.
    username = Key("username", values.text) if auth.get("auth") is Auth.BEARER else ACCOUNT.key("username")
    found = {"username": "", **section.record(ACCOUNT, username, auth=auth.get("auth", Auth.BASIC))}
    section.end()
    url = found.get("url", "")
    if url.startswith("http://") and not url.startswith(_LOOPBACK):
        section.findings.notice(section.at("url"), "password_in_clear")
    return Account(name=name, **found) if section.findings.errors == before else None


# --------------------------------------------------------------------------------------------------------- calendars


def _calendars(
    section: Section, accounts: Mapping[AccountName, Account], all_accounts: Collection[str]
) -> dict[CalendarName, Calendar]:
    def read(name: str) -> Calendar | None:
        return _calendar(section.below(name), CalendarName(name), accounts, all_accounts)

    return {calendar.name: calendar for calendar in section.each(CALENDARS, read).values()}


def _calendar(
    section: Section, name: CalendarName, accounts: Mapping[AccountName, Account], all_accounts: Collection[str]
) -> Calendar | None:
    if not section.is_map:
        return None
    before = section.findings.errors
    taken = section.take(Key("account", _reference(accounts, all_accounts, "account"), required=True))
    account = accounts.get(taken.get("account", ""))
    # Without the account a relative URL is looked at as one of any account.
    url = Key("url", values.calendar_url(account.url), required=True) if account else CALENDAR.key("url")
    found = section.record(CALENDAR, url, **{"account": "", **taken})
    section.end()
    if section.findings.errors != before:
        return None
    return Calendar(name=name, path=values.relative_path(section.given("url")), **found)


def _check_delivery(findings: Findings, settings: Settings) -> None:
    """Where invitations are to be sent, and something that takes is missing: everything else works."""
    for calendar in settings.calendars.values():
        delivery = settings.delivery(calendar.name)
        own = calendar.delivery is not None
        path = below(*(("calendars", calendar.name) if own else ("accounts", calendar.account)))
        if delivery is Delivery.EMAIL and not settings.email.host:
            findings.notice_once(below(path, "delivery"), "delivery_without_email")
        if delivery is not Delivery.NONE and not settings.organizer(calendar.name):
            findings.notice_once(below("calendars", calendar.name), "delivery_without_organizer")
        elif delivery is Delivery.EMAIL and plain_address(settings.organizer(calendar.name)) is None:
            if calendar.organizer:
                place = below(below("calendars", calendar.name), "organizer")
            else:
                place = below(below("accounts", calendar.account), "address")
            findings.notice_once(place, "delivery_without_plain_address")


# ------------------------------------------------------------------------------------------------------------- rooms


def _rooms(
    section: Section,
    calendars: Mapping[CalendarName, Calendar],
    all_calendars: Collection[str],
    defaults: Defaults,
    language: Key,
) -> dict[RoomId, Room]:
    names = Key(
        "calendars",
        _reference(calendars, all_calendars, "calendar"),
        required=True,
        many=True,
        filled=ROOM.key("calendars").filled,
    )
    inherited = {key: getattr(defaults, key) for key in _INHERITED}

    def read(name: str) -> Room | None:
        return _room(section.below(name), RoomId(name), calendars, inherited, names, language)

    return {room.id: room for room in section.each(ROOMS, read).values()}


def _room(
    section: Section,
    id: RoomId,
    calendars: Mapping[CalendarName, Calendar],
    inherited: Mapping[str, Any],
    names: Key,
    language: Key,
) -> Room | None:
    if not section.is_map:
        return None
    before = section.findings.errors
    mapped: tuple[CalendarName, ...] = section.take(names).get("calendars", ())
    writable = [name for name in mapped if calendars[name].access is Access.READ_WRITE]
    # Where one of its calendars is wrong, nothing is said of the one to write to.
    known = section.findings.errors == before
    write_to = Key("write_to", Kind("calendar", lambda value: _write_to(value, mapped, writable) if known else None))
    found = section.record(ROOM, language, write_to, calendars=mapped)
    section.end()
    if section.findings.errors != before:
        return None
    return Room(id=id, **{"write_to": writable[0] if writable else None, **inherited, **found})


def _write_to(value: object, mapped: Collection[CalendarName], writable: Collection[CalendarName]) -> CalendarName:
    for name in mapped:
        if name == value:
            if name not in writable:
                raise Unexpected("expected_writable")
            return name
    raise Unexpected("expected_room_calendar", values=", ".join(mapped))


# --------------------------------------------------------------------------------------------------------- resources


def _resources(
    section: Section, calendars: Mapping[CalendarName, Calendar], all_calendars: Collection[str]
) -> dict[str, Resource]:
    return section.each(RESOURCES, lambda name: _resource(section.below(name), name, calendars, all_calendars))


def _resource(
    section: Section, name: str, calendars: Mapping[CalendarName, Calendar], all_calendars: Collection[str]
) -> Resource | None:
    """A calendar that is not there is no mistake: the resource can be asked for by its address all the same. Of one
    that is left out enough is said in its own place."""
    if not section.is_map:
        return None
    before = section.findings.errors
    found = section.record(RESOURCE)
    section.end()
    calendar = found.get("calendar")
    if calendar and calendar not in all_calendars:
        section.findings.notice(section.at("calendar"), "unknown_calendar")
    if section.findings.errors != before:
        return None
    return Resource(name=name, **{**found, "calendar": calendar if calendar in calendars else None})


# -------------------------------------------------------------------------------------------------------- references


def _reference(usable: Collection[str], configured: Collection[str], kind: str) -> Kind[str]:
    """Reads the name of an account or a calendar: one that is there, and in order."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in usable:
            return value
        if isinstance(value, str) and value in configured:
            raise Unexpected(f"left_out_{kind}")
        nearest = difflib.get_close_matches(value, configured, n=1) if isinstance(value, str) else []
        if nearest:
            raise Unexpected(f"unknown_{kind}_nearest", nearest=nearest[0])
        raise Unexpected(f"unknown_{kind}")

    return Kind(kind, read)
