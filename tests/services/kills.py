"""Kills the bot at a step that it passes, and starts it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from calbot.matrix.handlers import Handlers
from calbot.services import startup

from .conftest import LOG, Office


class Killed(BaseException):
    """The process is gone: nothing that was going on goes on."""


EFFECTS = (
    ("chat", "send"),
    ("chat", "post"),
    ("chat", "edit"),
    ("chat", "attach"),
    ("calendar", "create"),
    ("calendar", "update"),
    ("calendar", "delete"),
)


async def killed_at_effect(
    office: Office, number: int, act: Callable[[], Awaitable[object]], monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> bool:
    """Do something with a bot that is killed at the effect with this number, before it or when it is `done`, and start
    it again; whether there were that many."""
    count = 0

    def counted(effect: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*arguments: Any, **options: Any) -> object:
            nonlocal count
            count += 1
            if count == number and not done:
                raise Killed
            result = await effect(*arguments, **options)
            if count == number:
                raise Killed
            return result

        return call

    with monkeypatch.context() as patches:
        for port, name in EFFECTS:
            fake = getattr(office, port)
            patches.setattr(fake, name, counted(getattr(fake, name)))
        try:
            await act()
        except Killed:
            killed = True
        else:
            killed = False
    office.alarm.forget()
    await office.resume()
    return killed


async def killed_at(office: Office, step: str, act: Callable[[], Awaitable[object]]) -> bool:
    """Do something with a bot that is killed where it passes `step`, and start it again; whether it came there."""

    def passed(name: str) -> None:
        if name == step:
            raise Killed

    alive = office.world.passed
    office.world = replace(office.world, passed=passed)
    office.handlers = Handlers(office.world, LOG)
    await startup.begin(office.world)
    try:
        await act()
    except Killed:
        killed = True
    else:
        killed = False
    office.alarm.forget()
    office.world = replace(office.world, passed=alive)
    await office.resume()
    return killed
