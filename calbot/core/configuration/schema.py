"""The configuration described: every key, what its value looks like, and what does not go together.

Defaults are those of the settings. What is wrong in a part that stands for itself costs one value, and its default
holds; accounts, calendars, rooms and resources are left out whole, by `reading`, which knows what refers to what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from calbot.core.model import Locale
from calbot.core.rate_limits import Limits
from calbot.core.settings import (
    Access,
    Account,
    Alarms,
    Auth,
    Calendar,
    Defaults,
    Delivery,
    Digest,
    Email,
    Encryption,
    ForeignMembers,
    FreeBusy,
    KeyHolders,
    Levels,
    MapRights,
    MeetingLinks,
    Mention,
    People,
    Polls,
    Privacy,
    Resource,
    Retention,
    Room,
    Secret,
    Settings,
    Show,
    Sync,
    Web,
    Weekday,
)

from . import values
from .keys import Group, Key, Names
from .kinds import Kind, or_empty
from .section import Section
from .values import DAY, HOUR, MINUTE, SECOND

LANGUAGES: Final[tuple[Locale, ...]] = ("de", "en")  # that the package always has texts for
# Names of what stands elsewhere in the file, as far as can be said without it.
_ACCOUNT: Final = Kind("account", values.filled_text.convert)
_CALENDAR: Final = Kind("calendar", values.text.convert)
_KEPT: Final = values.duration(DAY, 3650 * DAY)
_SECRET: Final = or_empty(values.secret, Secret())


def _weekdays(days: Iterable[Weekday]) -> tuple[Weekday, ...]:
    chosen = frozenset(days)
    return tuple(day for day in Weekday if day in chosen)


def _rights(rights: MapRights, section: Section, before: int) -> MapRights:
    alone = rights.power_level is not None and not rights.users and not rights.rooms
    if alone and section.findings.errors == before:
        section.findings.error(section.at("power_level"), "power_level_alone")
    return rights


def _email(email: Email, section: Section, before: int) -> Email:
    """None at all where anything in it is wrong: half of a login only fails."""
    findings = section.findings
    if not email.host and findings.errors == before:
        for key, value in (("username", email.username), ("sender", email.sender)):
            if value:
                findings.error(section.at("host"), "expected_mail_host_beside", key=key)
                break
    if email.username and email.password == Secret() and findings.errors == before:
        findings.error(section.at("password"), "expected_value")
    elif email.username and email.tls is Encryption.NONE and not values.is_loopback(email.host):
        findings.notice(section.at("tls"), "mail_password_in_clear")
    return email if findings.errors == before else Email()


def _limits(limits: Limits, section: Section, before: int) -> Limits:
    if limits.one_fills_room and section.findings.errors == before:
        section.findings.notice(section.at("room"), "one_fills_room")
    return limits


def _sync(sync: Sync, section: Section, before: int) -> Sync:
    """The longer interval is not below the shorter."""
    if sync.max_interval < sync.interval and section.given("max_interval") and section.findings.errors == before:
        longest = values.write_duration(sync.max_interval)
        section.findings.read(section.at("max_interval"), longest, values.duration(sync.interval, DAY))
    return replace(sync, max_interval=max(sync.interval, sync.max_interval))


LEVELS: Final = Group(
    "levels", Levels, (Key("new", values.level), Key("cancel", values.level), Key("settings", values.level))
)
DIGEST: Final = Group(
    "digest",
    Digest,
    (
        Key("daily", or_empty(values.clock, None)),
        Key("weekly", or_empty(values.weekday_and_clock, None)),
        Key("always", values.boolean),
    ),
)
MAP: Final = Group(
    "map",
    MapRights,
    (
        Key("users", values.user_id, many=True, collect=frozenset),
        Key("rooms", values.room_id, many=True, collect=frozenset),
        Key("power_level", values.level),
    ),
    _rights,
)
# What rooms may say for themselves, too.
_CUSTOMS: Final = (
    Key("language", values.language(LANGUAGES)),
    Key("timezone", values.zone),
    Key("duration", values.length),
    Key("reminders", values.lead, many=True),
    Key("alarms", values.one_of(Alarms)),
    Key("mention", values.one_of(Mention)),
)
ACCOUNT: Final = Group(
    "NAME",
    Account,
    (
        Key("url", values.account_url, required=True),
        Key("username", values.filled_text, required=True),
        Key("password", values.secret, required=True),
        Key("auth", values.one_of(Auth)),
        Key("ca_file", values.text),
        Key("address", or_empty(values.address, "")),
        Key("delivery", values.one_of(Delivery)),
        Key("freebusy", values.one_of(FreeBusy)),
        Key("timeout", values.seconds(SECOND, 5 * MINUTE)),
        Key("parallel", values.integer(1, 64)),
    ),
)
CALENDAR: Final = Group(
    "NAME",
    Calendar,
    (
        Key("account", _ACCOUNT, required=True),
        Key("url", Kind("calendar_url", values.filled_text.convert), required=True),
        Key("access", values.one_of(Access)),
        Key("show", values.one_of(Show)),
        Key("organizer", or_empty(values.address, "")),
        Key("delivery", or_empty(values.one_of(Delivery), None)),
        MAP,
    ),
)
ROOM: Final = Group(
    "ROOM",
    Room,
    (
        Key("calendars", _CALENDAR, required=True, many=True, filled="expected_calendars"),
        Key("write_to", _CALENDAR),
        *_CUSTOMS,
        DIGEST,
        LEVELS,
    ),
)
RESOURCE: Final = Group(
    "NAME",
    Resource,
    (
        Key("address", values.address, required=True),
        Key("calendar", or_empty(_CALENDAR, "")),
        Key("capacity", values.integer(1, 1_000_000)),
    ),
)
ACCOUNTS: Final = Names("accounts", "NAME", ACCOUNT)
CALENDARS: Final = Names("calendars", "NAME", CALENDAR)
ROOMS: Final = Names("rooms", "ROOM", ROOM, values.room_id)
RESOURCES: Final = Names("resources", "NAME", RESOURCE, values.filled_text)
DEFAULTS: Final = Group(
    "defaults",
    Defaults,
    (
        *_CUSTOMS,
        Key("working_hours", values.hours),
        Key("working_days", values.one_of(Weekday), many=True, filled="expected_weekdays", collect=_weekdays),
        Key("holidays", or_empty(values.region, "")),
        Key("quiet_hours", or_empty(values.hours, None)),
    ),
)
SCHEMA: Final = Group(
    "",
    Settings,
    (
        Key("command_prefix", values.command_prefix),
        Key("admins", values.user_id, many=True, collect=frozenset),
        Key("allowed_servers", values.server_name, many=True, collect=frozenset),
        DEFAULTS,
        ACCOUNTS,
        CALENDARS,
        ROOMS,
        Group(
            "people",
            People,
            (
                Key("address_template", or_empty(values.address_template, "")),
                Names("templates", "SERVER", values.address_template, values.server_name),
                Names("addresses", "USER", values.address, values.user_id),
                Key("principal_search", values.boolean),
            ),
        ),
        RESOURCES,
        Group(
            "meeting_links",
            MeetingLinks,
            (Key("template", or_empty(values.link_template, "")), Key("room", values.boolean)),
        ),
        Group(
            "polls",
            Polls,
            (
                Key("deadline", values.duration(HOUR, 365 * DAY)),
                Key("nudge", values.duration(MINUTE, 30 * DAY)),
                Key("max_options", values.integer(2, 20)),
            ),
        ),
        Group(
            "email",
            Email,
            (
                Key("host", or_empty(values.mail_host, "")),
                Key("port", values.integer(1, 65535)),
                Key("tls", values.one_of(Encryption)),
                Key("username", values.text),
                Key("password", _SECRET),
                Key("sender", or_empty(values.plain_address, "")),
            ),
            _email,
        ),
        Group("web", Web, (Key("feeds", values.boolean, if_wrong=False), Key("token", _SECRET))),
        Group(
            "sync",
            Sync,
            (
                Key("interval", values.duration(10 * SECOND, DAY)),
                Key("max_interval", values.duration(10 * SECOND, DAY)),
                Key("horizon", values.duration(7 * DAY, 1100 * DAY)),
                Key("max_command_age", values.duration(MINUTE, DAY)),
            ),
            _sync,
        ),
        Group("limits", Limits, (Key("person", values.rate(least=5)), Key("room", values.rate(least=20))), _limits),
        Group(
            "privacy",
            Privacy,
            (
                Key("require_encryption", values.boolean, if_wrong=True),
                Key("foreign_members", values.one_of(ForeignMembers)),
                Key("send_keys_to", values.one_of(KeyHolders), if_wrong=KeyHolders.CROSS_SIGNED),
                Group(
                    "retention",
                    Retention,
                    (
                        Key("events", _KEPT),
                        Key("polls", _KEPT),
                        Key("reminders", _KEPT),
                        Key("audit", _KEPT),
                    ),
                ),
            ),
        ),
    ),
)
