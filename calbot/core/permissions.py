"""Who may do what: rights are decided here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from calbot.errors import Code

from .model import Attendee, Details, Role, RoomId, UserId
from .people import server_of
from .settings import ForeignMembers, Levels, MapRights, Settings


@dataclass(frozen=True, slots=True)
class PowerLevels:
    """What m.room.power_levels and m.room.create say of a room. `creators` have endless power (room version 12)."""

    users: Mapping[UserId, int] = field(default_factory=dict)
    users_default: int = 0
    events: Mapping[str, int] = field(default_factory=dict)
    events_default: int = 0
    state_default: int = 50
    redact: int = 50
    notify_room: int = 50
    creators: frozenset[UserId] = frozenset()


class Action(str, Enum):
    """What somebody wants to do in a room."""

    READ = "read"  # list, show, next
    VOTE = "vote"
    NEW = "new"  # also: open a poll, import
    CHANGE = "change"  # cancel, move, edit
    ANSWER = "answer"  # to an invitation, for oneself
    REMIND = "remind"  # other lead times for one event; writes nothing to its calendar
    SETTINGS = "settings"
    CLOSE_POLL = "close_poll"  # also: book, confirm, another deadline
    ATTACH_POLL = "attach_poll"  # make an event of a poll that somebody made in a client


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, with what is known of them whatever the room. `addresses` are cal-addresses in lower case."""

    user: UserId
    admin: bool = False
    foreign: bool = False  # of a server that is not allowed
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ground:
    """The room whose rights count: in a direct chat the mapped room it is about, never the chat itself.

    `writable`: the calendar that would be written may be written. `joined`: the actor is in the room now.
    """

    power: PowerLevels
    levels: Levels = field(default_factory=Levels)
    mapped: bool = True
    writable: bool = True
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about: an event with whoever made it through the bot, or a poll with its owner.

    The owner of a poll is who asked for it; of one made in a client, who sent it.
    """

    maker: UserId | None = None
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """True if allowed. Otherwise `code` and `reason` (a catalog key below ``error.``) say why not.

    `needed` is the power level that would have done, where one would have.
    """

    reason: str | None = None
    code: Code = Code.FORBIDDEN
    needed: int | None = None

    def __bool__(self) -> bool:
        return self.reason is None


_ALLOWED = Verdict()
_WRITING = frozenset({Action.NEW, Action.CHANGE, Action.ANSWER, Action.ATTACH_POLL})
_OF_HIDDEN = frozenset({Action.CHANGE, Action.ANSWER})  # by the maker alone


def level_of(user: UserId, power: PowerLevels) -> float:
    return math.inf if user in power.creators else power.users.get(user, power.users_default)


def allowed_servers(settings: Settings, bot: UserId) -> frozenset[str]:
    """The servers whose users count."""
    return settings.allowed_servers or frozenset({server_of(bot)})


def is_own(actor: Actor, subject: Subject) -> bool:
    """Made through the bot by this Matrix ID, or its ORGANIZER or CHAIR is an address of theirs."""
    if subject.maker is not None and subject.maker == actor.user:
        return True
    if subject.details is None:
        return False
    chairs = [one for one in subject.details.attendees if one.role is Role.CHAIR]
    heads: list[Attendee] = chairs if subject.details.organizer is None else [subject.details.organizer, *chairs]
    # Somebody without an address is on the event by Matrix ID alone.
    return any(
        one.address.lower() in actor.addresses if one.address is not None else one.user == actor.user for one in heads
    )


def may(actor: Actor, action: Action, ground: Ground, subject: Subject | None = None) -> Verdict:
    """Whether `actor` may do that there. CHANGE, REMIND, CLOSE_POLL and ATTACH_POLL need to know what it is about.

    Admins may do all that the calendar allows in the rooms they are in: what is not visible to them cannot be theirs to
    do, and an event of which only "busy" is known is changed by its maker alone.
    """
    if actor.foreign:
        return Verdict("foreign_server")
    if not ground.joined:
        return Verdict("not_in_room")
    if not ground.mapped and action is not Action.SETTINGS:
        return Verdict("not_mapped", Code.NOT_MAPPED)
    if not ground.writable and action in _WRITING:
        return Verdict("read_only", Code.READ_ONLY)
    if action in _OF_HIDDEN and subject is not None and subject.details is not None and subject.details.hidden:
        return _ALLOWED if is_own(actor, subject) else Verdict("hidden_event")
    if actor.admin:
        return _ALLOWED
    return _by_level(actor, action, ground, subject)


def _by_level(actor: Actor, action: Action, ground: Ground, subject: Subject | None) -> Verdict:
    own = subject is not None and is_own(actor, subject)
    power = ground.power
    if action in (Action.READ, Action.VOTE, Action.ANSWER):
        return _ALLOWED
    if action is Action.NEW:
        return _needs(actor, power, ground.levels.new, "level_too_low")
    if action in (Action.CHANGE, Action.REMIND):
        return _ALLOWED if own else _needs(actor, power, ground.levels.cancel, "not_your_event")
    if action is Action.SETTINGS:
        level = ground.levels.settings
        return _needs(actor, power, power.state_default if level is None else level, "level_too_low")
    if action is Action.CLOSE_POLL:
        return _ALLOWED if own else _needs(actor, power, power.redact, "not_your_poll")
    # ATTACH_POLL writes an event, so it needs the right to do that as well.
    new = _needs(actor, power, ground.levels.new, "level_too_low")
    return new if own or not new else _needs(actor, power, power.redact, "not_your_poll")


def may_map(actor: Actor, rights: MapRights, room: RoomId, ground: Ground) -> Verdict:
    """Whether `actor` may connect a calendar with these `rights` to a room, mapped already or not.

    Without a name of theirs or the room's among the rights nothing tells them that there is such a calendar: whoever
    asks has to answer as if there were none (`map_not_allowed`).
    """
    if actor.foreign:
        return Verdict("foreign_server")
    if not ground.joined:
        return Verdict("not_in_room")
    if actor.admin:
        return _ALLOWED
    if actor.user not in rights.users and room not in rights.rooms:
        return Verdict("map_not_allowed")
    return _ALLOWED if rights.power_level is None else _needs(actor, ground.power, rights.power_level, "level_too_low")


def may_unmap(actor: Actor, rights: MapRights | None, room: RoomId, ground: Ground) -> Verdict:
    """Whether `actor` may disconnect a calendar from a room: whoever may connect it, and whoever may set the room.
    Without `rights` it is no longer in the configuration."""
    if rights is not None and may_map(actor, rights, room, ground):
        return _ALLOWED
    return may(actor, Action.SETTINGS, ground)


def may_set_level(actor: Actor, ground: Ground, before: int, after: int) -> Verdict:
    """Whether `actor`, who may change the settings of a room, may put one of its levels from `before` to `after`.

    As with power levels in Matrix: nobody moves what is above them, nor puts anything there.
    """
    settings = may(actor, Action.SETTINGS, ground)
    if not settings or actor.admin:
        return settings
    return _needs(actor, ground.power, max(before, after), "level_above_own")


def _needs(actor: Actor, power: PowerLevels, level: int, reason: str) -> Verdict:
    return _ALLOWED if level_of(actor.user, power) >= level else Verdict(reason, needed=level)


class Lack(str, Enum):
    """What the bot cannot do in a room, for want of a power level."""

    POLLS = "polls"  # post them
    REACTIONS = "reactions"  # put numbers below its questions and polls
    MENTION_ROOM = "mention_room"  # notify everybody, as the room has it set
    END_POLLS = "end_polls"  # those that others made


def lacking(bot: UserId, power: PowerLevels, *, encrypted: bool, mentions_room: bool) -> tuple[Lack, ...]:
    """In encrypted rooms every message is sent as one type of event; reactions are not encrypted."""
    level = level_of(bot, power)
    poll = "m.room.encrypted" if encrypted else "org.matrix.msc3381.poll.start"
    needed = {
        Lack.POLLS: power.events.get(poll, power.events_default),
        Lack.REACTIONS: power.events.get("m.reaction", power.events_default),
        Lack.MENTION_ROOM: power.notify_room if mentions_room else -math.inf,
        Lack.END_POLLS: power.redact,
    }
    return tuple(lack for lack, least in needed.items() if level < least)


class Exposure(str, Enum):
    """Why nothing of a calendar may be posted in a room: others than those meant could read it."""

    PUBLIC = "public"
    WORLD_READABLE = "world_readable"
    GUESTS = "guests"
    FOREIGN_MEMBERS = "foreign_members"


# Without the event a room is invite-only. `restricted` is not among these: being in another room is enough there.
_LET_IN_BY_MEMBERS = (None, "invite", "knock", "private")


def exposure(
    *,
    join_rule: str | None,
    history_visibility: str | None,
    guest_access: str | None,
    members: Iterable[UserId],
    bot: UserId,
    servers: frozenset[str],
    foreign_members: ForeignMembers = ForeignMembers.PAUSE,
) -> Exposure | None:
    """What exposes a room, or None. State that is missing has the value the specification gives it, which never does.

    Guest access alone opens nothing: the presets for private rooms set it (`private_chat` of createRoom), and where one
    has to be let in by a member, a guest has to be as well.
    """
    if join_rule == "public":
        return Exposure.PUBLIC
    if history_visibility == "world_readable":
        return Exposure.WORLD_READABLE
    if guest_access == "can_join" and join_rule not in _LET_IN_BY_MEMBERS:
        return Exposure.GUESTS
    if foreign_members is ForeignMembers.PAUSE and any(
        user != bot and server_of(user) not in servers for user in members
    ):
        return Exposure.FOREIGN_MEMBERS
    return None
