"""What can be set in a room by command: under which names, what the values are, and how they are looked at and put.

Values are held against the same limits as in the configuration, by the same readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final, TypeAlias

from .model import CalendarName
from .preferences import RoomPreferences
from .settings import Alarms, Levels, Mention, Room


class Setting(str, Enum):
    """As the configuration calls it below ``rooms.<id>``."""

    REMINDERS = "reminders"
    ALARMS = "alarms"
    MENTION = "mention"
    WRITE_TO = "write_to"
    DURATION = "duration"
    LEVEL_NEW = "levels.new"
    LEVEL_CANCEL = "levels.cancel"
    LEVEL_SETTINGS = "levels.settings"

    @property
    def id(self) -> str:
        """The name in catalogs."""
        return self.value.replace(".", "_")


LEVELS: Final[Mapping[Setting, str]] = {
    Setting.LEVEL_NEW: "new",
    Setting.LEVEL_CANCEL: "cancel",
    Setting.LEVEL_SETTINGS: "settings",
}

STANDARD_LEVELS: Final = Levels()

Value: TypeAlias = tuple[timedelta, ...] | Alarms | Mention | CalendarName | timedelta | int | None


class Source(str, Enum):
    """Where a value comes from."""

    CHOSEN = "chosen"  # here, by command
    FILE = "file"  # what the configuration says of this room
    STANDARD = "standard"  # what it says of all rooms, or what is usual


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting as it holds in a room. `value` None: nothing can be written; the room's own level for settings."""

    setting: Setting
    value: Value
    source: Source


def value_of(room: Room, setting: Setting) -> Value:
    level = LEVELS.get(setting)
    found: Value = getattr(room.levels, level) if level is not None else getattr(room, setting.value)
    return found


def chosen_of(preferences: RoomPreferences, setting: Setting) -> Value:
    """What was chosen by command; None where nothing was."""
    level = LEVELS.get(setting)
    found: Value = getattr(preferences.levels, level) if level is not None else getattr(preferences, setting.value)
    return found


def with_choice(preferences: RoomPreferences, setting: Setting, value: Value) -> RoomPreferences:
    """With another value; None: as the file says. Without reminders there are none of alarms either, unless these are
    wanted afterwards."""
    level = LEVELS.get(setting)
    if level is not None:
        levels: dict[str, Any] = {level: value}
        return replace(preferences, levels=replace(preferences.levels, **levels))
    chosen: dict[str, Any] = {setting.value: value}
    if setting is Setting.REMINDERS and value == ():
        chosen["alarms"] = None
    return replace(preferences, **chosen)


def in_force(room: Room, of_file: Room | None, standard: Room, preferences: RoomPreferences) -> tuple[InForce, ...]:
    """Every setting of a room. `of_file`: the room as the configuration has it, if it does; `standard`: without."""
    found = []
    for setting in Setting:
        value, chosen = value_of(room, setting), chosen_of(preferences, setting)
        if chosen is not None and chosen == value:
            source = Source.CHOSEN
        elif of_file is not None and (
            # Into which calendar is written, follows from those that are connected there.
            setting is Setting.WRITE_TO or value_of(of_file, setting) != value_of(standard, setting)
        ):
            source = Source.FILE
        else:
            source = Source.STANDARD
        found.append(InForce(setting, value, source))
    return tuple(found)
