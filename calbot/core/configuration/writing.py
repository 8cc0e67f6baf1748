"""Values as the configuration writes them."""

from __future__ import annotations

from datetime import time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from calbot.core.rate_limits import NO_LIMIT, Rate
from calbot.core.settings import Hours, Secret

from .values import MINUTE, write_duration


def write(value: object) -> str:
    """YAML that reads as the value: of the settings, none of which is a password."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | frozenset):
        return f"[{', '.join(map(write, value))}]"
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, float):
        return write_duration(timedelta(seconds=value))
    if isinstance(value, Hours):
        return f'"{value.start:%H:%M}-{value.end:%H:%M}"'
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, Rate):
        return "off" if value == NO_LIMIT else f"{value.number}/{'m' if value.per == MINUTE else 'h'}"
    if isinstance(value, ZoneInfo):
        return value.key
    if value is None or value in ("", Secret()):
        return '""'
    return f'"{value}"' if str(value).startswith("!") else str(value)
