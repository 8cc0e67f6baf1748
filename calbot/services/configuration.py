"""Which settings are in force: the ones in the file, or the last good ones while the file has mistakes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from calbot.core.configuration import is_error, read_settings, with_secrets_of, without_secrets, worded
from calbot.core.i18n import Catalog
from calbot.core.model import Locale
from calbot.core.settings import Problem, Settings
from calbot.ports import Stores

from .world import World

_KEPT: Final = "last good configuration"


async def at_start(
    stores: Stores, raw: Mapping[str, Any], catalogs: Mapping[Locale, Catalog], log: logging.Logger
) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of the file; if it has mistakes, the last ones without; if there are none, what is usable of it."""
    settings, problems = read_settings(raw, catalogs)
    _log(problems, catalogs["en"], log)
    if not any(map(is_error, problems)):
        await _keep(stores, raw)
        return settings, problems
    kept = await stores.keeper.get(_KEPT)
    if kept is None:
        log.warning("the configuration has mistakes: what they concern is left out")
        return settings, problems
    log.warning("the configuration has mistakes: the last one without any stays in force")
    return read_settings(with_secrets_of(raw, json.loads(kept)), catalogs)[0], problems


async def on_change(world: World, raw: Mapping[str, Any]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of the changed file, or those in force if it has mistakes."""
    settings, problems = read_settings(raw, world.catalogs)
    _log(problems, world.catalogs["en"], world.log)
    if any(map(is_error, problems)):
        world.log.warning("the changed configuration has mistakes: the one before stays in force")
        return world.in_force.file, problems
    await _keep(world.stores, raw)
    world.log.info("the changed configuration is in force")
    return settings, problems


async def is_previous_in_force(world: World) -> bool:
    """Whether the file has mistakes, and the last configuration without any stays in force for that."""
    return any(map(is_error, world.problems)) and await world.stores.keeper.get(_KEPT) is not None


async def _keep(stores: Stores, raw: Mapping[str, Any]) -> None:
    await stores.keeper.put(_KEPT, json.dumps(without_secrets(raw), default=str))


def _log(problems: tuple[Problem, ...], english: Catalog, log: logging.Logger) -> None:
    for problem in problems:
        level = logging.WARNING if is_error(problem) else logging.INFO
        log.log(level, "configuration: %s: %s", problem.path, worded(problem, english))
