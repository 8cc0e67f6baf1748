"""Reads the whole configuration. Accounts, calendars and rooms refer to each other.

A broken one is left out by itself, and with it, each with a finding of its own, what depends on it: a room that lost
one of its calendars might otherwise write to another one than it should. Everything else works.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from calbot.core.model import AccountName, CalendarName, Locale, RoomId
from calbot.core.people import plain_address
from calbot.core.settings import (
    Access,
    Account,
    Alarms,
    Auth,
    Calendar,
    Defaults,
    Delivery,
    FreeBusy,
    MapRights,
    Mention,
    Problem,
    Resource,
    Room,
    Settings,
    Show,
)

from . import sections, values
from .findings import Findings, Section, Unexpected, below

LANGUAGES: Final[tuple[Locale, ...]] = ("de", "en")  # that the package always has texts for
_NOT_USED_YET = ("web",)
_LOOPBACK = ("http://localhost", "http://127.", "http://[::1]")


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
        findings.error(f"line {raw.line}" if raw.line else "configuration", "expected_yaml")
        return Settings(), tuple(findings.problems)
    if raw is not None and not isinstance(raw, Mapping):
        findings.error("configuration", "expected_map")
        return Settings(), tuple(findings.problems)
    root = Section(findings, "", raw)
    standard = Settings()
    defaults = sections.defaults(root.below("defaults"), languages)
    accounts_section, calendars_section = root.below("accounts"), root.below("calendars")
    accounts = _accounts(accounts_section)
    calendars = _calendars(calendars_section, accounts, accounts_section.keys)
    settings = Settings(
        command_prefix=root.take("command_prefix", values.command_prefix, standard.command_prefix),
        admins=frozenset(root.each("admins", values.user_id) or ()),
        allowed_servers=frozenset(root.each("allowed_servers", values.server_name) or ()),
        defaults=defaults,
        accounts=accounts,
        calendars=calendars,
        rooms=_rooms(root.below("rooms"), calendars, calendars_section.keys, defaults, languages),
        people=sections.people(root.below("people")),
        resources=_resources(root.below("resources"), calendars),
        meeting_links=sections.meeting_links(root.below("meeting_links")),
        polls=sections.polls(root.below("polls")),
        sync=sections.sync(root.below("sync")),
        privacy=sections.privacy(root.below("privacy")),
        email=sections.email(root.below("email")),
    )
    root.end(unused=_NOT_USED_YET)
    _check_delivery(findings, settings)
    return settings, tuple(findings.problems)


# ---------------------------------------------------------------------------------------------------------- accounts


def _accounts(section: Section) -> dict[AccountName, Account]:
    accounts = {}
    for name in section.names():
        before = section.findings.errors
        account = _account(section.below(name), AccountName(name))
        if account is not None and section.findings.errors == before:
            accounts[account.name] = account
    return accounts


def _account(section: Section, name: AccountName) -> Account | None:
    if not section.is_map:
        return None
    url = section.need("url", values.account_url)
    auth = section.take("auth", values.one_of(Auth), Auth.BASIC)
    # A bearer token says by itself whose it is.
    if auth is Auth.BEARER:
        username: str | None = section.take("username", values.text, "")
    else:
        username = section.need("username", values.filled_text)
    password = section.need("password", values.secret)
    ca_file = section.take("ca_file", values.text, "")
    address = section.take("address", values.optional(values.address), "")
    delivery = section.take("delivery", values.one_of(Delivery), Delivery.NONE)
    timeout = section.take("timeout", values.duration(sections.SECOND, 5 * sections.MINUTE), 20 * sections.SECOND)
    parallel = section.take("parallel", values.integer(1, 64), 4)
    freebusy = section.take("freebusy", values.one_of(FreeBusy), FreeBusy.MEMBERS)
    section.end()
    if url is not None and url.startswith("http://") and not url.startswith(_LOOPBACK):
        section.findings.notice(section.at("url"), "password_in_clear")
    if url is None or username is None or password is None:
        return None
    return Account(
        name=name,
        url=url,
        username=username,
        password=password,
        auth=auth,
        ca_file=ca_file,
        address=address,
        delivery=delivery,
        freebusy=freebusy,
        timeout=timeout.total_seconds(),
        parallel=parallel,
    )


# --------------------------------------------------------------------------------------------------------- calendars


def _calendars(
    section: Section, accounts: Mapping[AccountName, Account], all_accounts: Collection[str]
) -> dict[CalendarName, Calendar]:
    calendars = {}
    for name in section.names():
        before = section.findings.errors
        calendar = _calendar(section.below(name), CalendarName(name), accounts, all_accounts)
        if calendar is not None and section.findings.errors == before:
            calendars[calendar.name] = calendar
    return calendars


def _calendar(
    section: Section, name: CalendarName, accounts: Mapping[AccountName, Account], all_accounts: Collection[str]
) -> Calendar | None:
    if not section.is_map:
        return None
    account_name = section.need("account", _reference(accounts, all_accounts, "account"))
    account = accounts.get(AccountName(account_name)) if account_name is not None else None
    # Without the account a relative URL is looked at as one of any account.
    url = section.need("url", values.calendar_url(account.url) if account else values.filled_text)
    access = section.take("access", values.one_of(Access), Access.READ_WRITE)
    show = section.take("show", values.one_of(Show), Show.FULL)
    organizer = section.take("organizer", values.optional(values.address), "")
    delivery = section.take("delivery", _own_delivery, None)
    rights = _map_rights(section.below("map"))
    section.end()
    if account is None or url is None:
        return None
    return Calendar(
        name=name,
        account=account.name,
        url=url,
        access=access,
        show=show,
        organizer=organizer,
        delivery=delivery,
        map=rights,
        path=values.relative_path(section.given("url")),
    )


def _own_delivery(value: object) -> Delivery | None:
    """An empty text means the account's."""
    return None if value == "" else values.one_of(Delivery)(value)


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


def _map_rights(section: Section) -> MapRights:
    before = section.findings.errors
    rights = MapRights(
        users=frozenset(section.each("users", values.user_id) or ()),
        rooms=frozenset(section.each("rooms", values.room_id) or ()),
        power_level=section.take("power_level", sections.level, None),
    )
    section.end()
    alone = rights.power_level is not None and not rights.users and not rights.rooms
    if alone and section.findings.errors == before:
        section.findings.error(section.at("power_level"), "power_level_alone")
    return rights


# ------------------------------------------------------------------------------------------------------------- rooms


def _rooms(
    section: Section,
    calendars: Mapping[CalendarName, Calendar],
    all_calendars: Collection[str],
    defaults: Defaults,
    languages: Collection[Locale],
) -> dict[RoomId, Room]:
    rooms = {}
    for name in section.names():
        before = section.findings.errors
        id = section.findings.read(section.at(name), name, values.room_id)
        room = _room(section.below(name), id or RoomId(name), calendars, all_calendars, defaults, languages)
        if room is not None and section.findings.errors == before:
            rooms[room.id] = room
    return rooms


def _room(
    section: Section,
    id: RoomId,
    calendars: Mapping[CalendarName, Calendar],
    all_calendars: Collection[str],
    defaults: Defaults,
    languages: Collection[Locale],
) -> Room | None:
    if not section.is_map:
        return None
    before = section.findings.errors
    names = section.each("calendars", _reference(calendars, all_calendars, "calendar"))
    if not names and section.findings.errors == before:
        section.findings.error(section.at("calendars"), "expected_calendars")
    mapped = tuple(CalendarName(name) for name in names or ())
    writable = [name for name in mapped if calendars[name].access is Access.READ_WRITE]
    write_to = None
    if section.given("write_to") is not None and section.findings.errors == before:
        write_to = section.need("write_to", lambda value: _write_to(value, mapped, writable))
    reminders = section.each("reminders", sections.lead)
    room = Room(
        id=id,
        calendars=mapped,
        write_to=write_to or (writable[0] if writable else None),
        language=section.take("language", values.language(languages), defaults.language),
        timezone=section.take("timezone", values.zone, defaults.timezone),
        duration=section.take("duration", sections.length, defaults.duration),
        reminders=defaults.reminders if reminders is None else reminders,
        alarms=section.take("alarms", values.one_of(Alarms), defaults.alarms),
        mention=section.take("mention", values.one_of(Mention), defaults.mention),
        levels=sections.levels(section.below("levels")),
        digest=sections.digest(section.below("digest")),
    )
    section.end()
    return room


def _write_to(value: object, mapped: Collection[CalendarName], writable: Collection[CalendarName]) -> CalendarName:
    for name in mapped:
        if name == value:
            if name not in writable:
                raise Unexpected("expected_writable")
            return name
    raise Unexpected("expected_room_calendar", values=", ".join(mapped))


# --------------------------------------------------------------------------------------------------------- resources


def _resources(section: Section, calendars: Mapping[CalendarName, Calendar]) -> dict[str, Resource]:
    resources = {}
    for name in section.names():
        before = section.findings.errors
        section.findings.read(section.at(name), name, values.filled_text)
        resource = _resource(section.below(name), name, calendars)
        if resource is not None and section.findings.errors == before:
            resources[name] = resource
    return resources


def _resource(section: Section, name: str, calendars: Mapping[CalendarName, Calendar]) -> Resource | None:
    """A calendar that is not there is no mistake: the resource can be asked for by its address all the same."""
    if not section.is_map:
        return None
    address = section.need("address", values.address)
    calendar = CalendarName(section.take("calendar", values.text, ""))
    capacity = section.take("capacity", values.integer(1, 1_000_000), None)
    section.end()
    if calendar and calendar not in calendars:
        section.findings.notice(section.at("calendar"), "unknown_calendar")
    if address is None:
        return None
    return Resource(name, address, calendar if calendar in calendars else None, capacity)


# -------------------------------------------------------------------------------------------------------- references


def _reference(usable: Collection[str], configured: Collection[str], kind: str) -> Callable[[object], str]:
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

    return read
