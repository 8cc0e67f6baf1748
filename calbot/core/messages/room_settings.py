"""How a room is set, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from calbot.core.i18n import Reader
from calbot.core.model import Kind, Message
from calbot.core.room_settings import LEVELS, InForce, Setting, Value
from calbot.core.settings import Alarms, Mention

from .reminding import lead_words
from .text import NAME, NOTHING, Rich, blocks, code, data, lines, own, say, visible
from .times import duration_text

_ROLES = {0: "everybody", 50: "moderation", 100: "administration"}
_NONE = {Setting.REMINDERS: "setting.reminders.means_none", Setting.MENTION: "setting.mention.means_none"}


def room_settings(reader: Reader, settings: Sequence[InForce], *, how: bool) -> Message:
    """How a room is set. `how`: with what can be typed to change it."""
    body = blocks(
        say(reader, "setting.heading") if len(settings) > 1 else NOTHING,
        lines(*(_line(reader, one) for one in settings)),
        say(reader, "setting.how") if how else NOTHING,
    )
    return Message(Kind.OK, body.text, body.html, _data(settings))


def setting_changed(reader: Reader, setting: InForce, *, by: str) -> Message:
    head = say(reader, "setting.changed", name=visible(by, NAME))
    body = lines(head, _line(reader, setting), _means(reader, setting))
    return Message(Kind.OK, body.text, body.html, _data([setting]))


def _means(reader: Reader, one: InForce) -> Rich:
    if one.value == () or one.value is Mention.NONE:
        return say(reader, _NONE[one.setting])
    return say(reader, f"setting.{one.setting.id}.means")


def _line(reader: Reader, one: InForce) -> Rich:
    return say(
        reader,
        "setting.line",
        key=code(reader.catalog.text(f"setting.{one.setting.id}.name")),
        value=_value(reader, one),
        source=say(reader, f"setting.from.{one.source.value}"),
    )


def _value(reader: Reader, one: InForce) -> Rich:
    value = one.value
    if one.setting in LEVELS:
        return _level(reader, value)
    if isinstance(value, timedelta):
        return own(duration_text(reader, value))
    if isinstance(value, Alarms | Mention):
        return say(reader, f"setting.{one.setting.id}.{value.value}")
    if isinstance(value, tuple):
        return lead_words(reader, value) if value else say(reader, "setting.reminders.none")
    return data(str(value), NAME) if value is not None else say(reader, "setting.write_to.none")


def _level(reader: Reader, value: Value) -> Rich:
    if not isinstance(value, int):
        return say(reader, "setting.level.room")
    role = _ROLES.get(value)
    return say(reader, f"setting.level.{role}" if role else "setting.level.other", level=value)


def _data(settings: Sequence[InForce]) -> dict[str, Any]:
    return {
        "settings": [
            {"key": one.setting.value, "value": _plain(one.value), "source": one.source.value} for one in settings
        ]
    }


def _plain(value: Value) -> Any:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, tuple):
        return [int(lead.total_seconds()) for lead in value]
    return value.value if isinstance(value, Alarms | Mention) else value
