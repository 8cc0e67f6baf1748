"""The parts of the configuration that stand for themselves: one mistake costs one value, and its default holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import Enum

from calbot.core.model import Locale
from calbot.core.settings import (
    Alarms,
    Defaults,
    Digest,
    Email,
    Encryption,
    ForeignMembers,
    Levels,
    MeetingLinks,
    Mention,
    People,
    Polls,
    Privacy,
    Retention,
    Secret,
    Sync,
    Weekday,
)

from . import values
from .findings import Section

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
lead = values.duration(timedelta(0), 400 * DAY)
length = values.duration(MINUTE, 30 * DAY)
_kept = values.duration(DAY, 3650 * DAY)
level = values.integer(-(1 << 53) + 1, (1 << 53) - 1)  # the integers of canonical JSON


class _SendKeysTo(str, Enum):
    ALL = "all"
    CROSS_SIGNED = "cross-signed"


def defaults(section: Section, languages: Collection[Locale]) -> Defaults:
    standard = Defaults()
    before = section.findings.errors
    days = section.each("working_days", values.one_of(Weekday))
    if days == () and section.findings.errors == before:
        section.findings.error(section.at("working_days"), "expected_weekdays")
    reminders = section.each("reminders", lead)
    found = Defaults(
        language=section.take("language", values.language(languages), standard.language),
        timezone=section.take("timezone", values.zone, standard.timezone),
        duration=section.take("duration", length, standard.duration),
        reminders=standard.reminders if reminders is None else reminders,
        alarms=section.take("alarms", values.one_of(Alarms), standard.alarms),
        mention=section.take("mention", values.one_of(Mention), standard.mention),
        working_hours=section.take("working_hours", values.hours, standard.working_hours),
        working_days=tuple(day for day in Weekday if day in days) if days else standard.working_days,
        holidays=section.take("holidays", values.optional(values.region), standard.holidays),
        quiet_hours=section.take("quiet_hours", values.unless_empty(values.hours), standard.quiet_hours),
    )
    section.end()
    return found


def digest(section: Section) -> Digest:
    standard = Digest()
    found = Digest(
        daily=section.take("daily", values.unless_empty(values.clock), standard.daily),
        weekly=section.take("weekly", values.unless_empty(values.weekday_and_clock), standard.weekly),
        always=section.take("always", values.boolean, standard.always),
    )
    section.end()
    return found


def levels(section: Section) -> Levels:
    standard = Levels()
    found = Levels(
        new=section.take("new", level, standard.new),
        cancel=section.take("cancel", level, standard.cancel),
        settings=section.take("settings", level, standard.settings),
    )
    section.end()
    return found


def people(section: Section) -> People:
    findings = section.findings
    template = section.take("address_template", values.optional(values.address_template), "")
    templates, addresses = {}, {}
    by_server = section.below("templates")
    for name in by_server.names():
        server = findings.read(by_server.at(name), name, values.server_name)
        if server and (found := by_server.need(name, values.address_template)):
            templates[server] = found
    by_user = section.below("addresses")
    for name in by_user.names():
        user = findings.read(by_user.at(name), name, values.user_id)
        if user and (found := by_user.need(name, values.address)):
            addresses[user] = found
    search = section.take("principal_search", values.boolean, False)
    section.end()
    return People(template, templates, addresses, search)


def meeting_links(section: Section) -> MeetingLinks:
    found = MeetingLinks(
        template=section.take("template", values.optional(values.link_template), ""),
        room=section.take("room", values.boolean, False),
    )
    section.end()
    return found


def polls(section: Section) -> Polls:
    standard = Polls()
    found = Polls(
        deadline=section.take("deadline", values.duration(HOUR, 365 * DAY), standard.deadline),
        nudge=section.take("nudge", values.duration(MINUTE, 30 * DAY), standard.nudge),
        max_options=section.take("max_options", values.integer(2, 20), standard.max_options),
    )
    section.end()
    return found


def sync(section: Section) -> Sync:
    standard = Sync()
    interval = section.take("interval", values.duration(10 * SECOND, DAY), standard.interval)
    found = Sync(
        interval=interval,
        max_interval=section.take("max_interval", values.duration(interval, DAY), max(interval, standard.max_interval)),
        horizon=section.take("horizon", values.duration(7 * DAY, 1100 * DAY), standard.horizon),
        max_command_age=section.take("max_command_age", values.duration(MINUTE, DAY), standard.max_command_age),
    )
    section.end()
    return found


def privacy(section: Section) -> Privacy:
    """What is unreadable here is taken in its strictest sense."""
    found = Privacy(
        require_encryption=section.take("require_encryption", values.boolean, False, if_wrong=True),
        foreign_members=section.take("foreign_members", values.one_of(ForeignMembers), ForeignMembers.PAUSE),
        cross_signed_only=section.take("send_keys_to", _cross_signed_only, False, if_wrong=True),
        retention=_retention(section.below("retention")),
    )
    section.end()
    return found


def email(section: Section) -> Email:
    """None at all where anything in it is wrong: half of a login only fails."""
    standard = Email()
    before = section.findings.errors
    found = Email(
        host=section.take("host", values.optional(values.mail_host), standard.host),
        port=section.take("port", values.integer(1, 65535), standard.port),
        tls=section.take("tls", values.one_of(Encryption), standard.tls),
        username=section.take("username", values.text, standard.username),
        password=section.take("password", values.unless_empty(values.secret), None) or Secret(),
        sender=section.take("sender", values.optional(values.plain_address), standard.sender),
    )
    section.end()
    if not found.host and section.findings.errors == before:
        for key, value in (("username", found.username), ("sender", found.sender)):
            if value:
                section.findings.error(section.at("host"), "expected_mail_host_beside", key=key)
                break
    if found.username and found.password == Secret() and section.findings.errors == before:
        section.findings.error(section.at("password"), "expected_value")
    elif found.username and found.tls is Encryption.NONE and not values.is_loopback(found.host):
        section.findings.notice(section.at("tls"), "mail_password_in_clear")
    return found if section.findings.errors == before else standard


def _cross_signed_only(value: object) -> bool:
    return values.one_of(_SendKeysTo)(value) is _SendKeysTo.CROSS_SIGNED


def _retention(section: Section) -> Retention:
    standard = Retention()
    found = Retention(
        events=section.take("events", _kept, standard.events),
        polls=section.take("polls", _kept, standard.polls),
        reminders=section.take("reminders", _kept, standard.reminders),
    )
    section.end(unused=("audit",))
    return found
