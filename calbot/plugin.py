"""The composition root: builds the parts, connects them, and takes them apart again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from functools import partial
from typing import Any, cast

from maubot import Plugin
from mautrix.util.async_db import Database, UpgradeTable

from calbot import faults, ports, resources, steps
from calbot.config import Config
from calbot.core.ask import Say
from calbot.core.settings import Settings
from calbot.dav.gateway import DavGateway
from calbot.db.migrations import upgrade_table
from calbot.db.stores import Stores
from calbot.mail import SmtpMailer
from calbot.matrix.chat import MatrixChat
from calbot.matrix.handlers import Handlers
from calbot.matrix.intake import Intake
from calbot.matrix.keys import give_keys_to
from calbot.matrix.syncing import SyncOwner
from calbot.quiet_loggers import keep_from_tracing, keep_quiet
from calbot.scheduling import AlarmClock
from calbot.services import configuration, startup
from calbot.services.sole import Sole
from calbot.services.world import InForce, World
from calbot.web.access_log import mask_feeds
from calbot.web.pages import Pages

_START_AGAIN = 30.0  # seconds


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def _mailer(settings: Settings) -> ports.Mailer | None:
    return SmtpMailer(settings.email) if settings.email.host else None


class CalBot(Plugin):
    """The plugin as maubot sees it.

    What depends on the settings (calendar accounts, alarms) lives in a world of its own, which is replaced whole when
    they change; chat, stores and intake stay. `start` and `stop` do not raise: maubot would disable the instance for
    good, or leave half of it running.
    """

    _trying: asyncio.Task[None] | None = None  # to start, after that failed
    _handlers: Handlers | None = None
    _pages: Pages | None = None
    _world: World | None = None
    _lifetime: AsyncExitStack | None = None  # of everything
    _season: AsyncExitStack | None = None  # of what depends on the settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._changing = asyncio.Lock()  # seasons end one after the other, also where maubot stops during a save

    @classmethod
    def get_config_class(cls) -> type[Config]:
        return Config

    @classmethod
    def get_db_upgrade_table(cls) -> UpgradeTable:
        return upgrade_table

    async def start(self) -> None:
        if not await self._starts():
            self._trying = asyncio.create_task(self._keep_trying(), name="calbot start")

    async def _starts(self) -> bool:
        try:
            async with AsyncExitStack() as lifetime:
                await self._start(lifetime)
                self._lifetime = lifetime.pop_all()
        except Exception:  # with what it says: nothing was read from calendars yet, and somebody has to mend it
            self.log.exception("calbot could not start; it tries again in %s seconds", _START_AGAIN)
            return False
        return True

    async def _keep_trying(self) -> None:
        """A database that is locked or full, for example, may work again later."""
        while True:
            await asyncio.sleep(_START_AGAIN)
            if await self._starts():
                return

    async def stop(self) -> None:
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
        lifetime, self._lifetime = self._lifetime, None
        try:
            if lifetime is not None:
                await lifetime.aclose()
        except Exception as error:  # noqa: BLE001 - a border
            self.log.error("calbot did not stop cleanly\n%s", faults.of(error))  # noqa: TRY400 not what it says

    async def on_external_config_update(self) -> None:
        """A bad configuration changes nothing but what `status` tells admins; a good one takes effect at once."""
        try:
            async with self._changing:
                if self._world is not None and self._lifetime is not None:
                    self._configuration().load_and_update()
                    await self._reconfigure(self._world)
        except Exception as error:  # noqa: BLE001 - a border
            self.log.error("the changed configuration could not be put into effect\n%s", faults.of(error))  # noqa: TRY400 not what it says

    async def _start(self, lifetime: AsyncExitStack) -> None:
        keep_quiet(self.client.api.log)
        crypto = self.client.crypto
        keep_from_tracing(self.client.crypto_log, *([] if crypto is None else [crypto.log]))
        self._configuration().load_and_update()
        stores: ports.Stores = Stores(cast(Database, self.database))
        chat: ports.Chat = MatrixChat(self.client, self.log.getChild("chat"))
        catalogs = resources.read_catalogs(self.loader)
        raw = self._configuration().as_dict()
        settings, problems = await configuration.at_start(stores, raw, catalogs, self.log)
        lifetime.push_async_callback(self._end_season)
        gateway, alarm = await self._begin_season(settings)
        self._sole = Sole(stores.keeper, self.log)
        self._sole.begin(alarm)
        world = self._world = World(
            in_force=InForce.of(settings),
            problems=problems,
            stores=stores,
            chat=chat,
            gateway=gateway,
            clock=utc_now,
            alarm=alarm,
            catalogs=catalogs,
            log=self.log,
            version=str(self.loader.meta.version),
            began=utc_now(),
            remarks=self._remarks,
            passed=steps.hook(os.environ),
            mailer=_mailer(settings),
            address=str(self.webapp_url or ""),
            listening=self._listening,
        )
        await startup.prepare(world)
        handlers = self._handlers = Handlers(world, self.log)
        self._intake = Intake(self.client, stores.inbox, handlers, utc_now, self.log.getChild("intake"))
        await self._intake.start()  # last: from here on events arrive
        lifetime.push_async_callback(self._intake.close)
        lifetime.callback(handlers.close)
        alarm.at("begin", utc_now(), partial(startup.begin, world))
        self._pages = Pages(world, self.log.getChild("web"))
        if self.webapp is not None:
            mask_feeds()
            self._pages.register(self.webapp)

    async def _reconfigure(self, world: World) -> None:
        settings, problems = await configuration.on_change(world, self._configuration().as_dict())
        ending = self._season
        gateway, alarm = await self._begin_season(settings)
        renewed = world.renewed(settings, problems, gateway, alarm, _mailer(settings))
        try:
            await startup.prepare(renewed)
        except BaseException:  # a database that is locked, for example: what was in force goes on
            beginning, self._season = self._season, ending
            if beginning is not None:
                await beginning.aclose()
            give_keys_to(self.client, cross_signed_only=world.settings.privacy.cross_signed_only)
            raise
        self._world = renewed
        self._sole.begin(alarm)
        async with AsyncExitStack() as over:  # whatever happens meanwhile, or no reminder would ring any more
            over.callback(alarm.at, "begin", utc_now(), partial(startup.begin, renewed))
            if ending is not None:
                over.push_async_callback(ending.aclose)
            if self._pages is not None:
                self._pages.switch(renewed)
            if self._handlers is not None:
                await self._handlers.switch(renewed)

    async def _begin_season(self, settings: Settings) -> tuple[ports.CalendarGateway, ports.Alarm]:
        give_keys_to(self.client, cross_signed_only=settings.privacy.cross_signed_only)
        async with AsyncExitStack() as season:
            gateway = await season.enter_async_context(DavGateway(settings))
            alarm = await season.enter_async_context(AlarmClock(self.log.getChild("alarms")))
            self._season = season.pop_all()
        return gateway, alarm

    async def _end_season(self) -> None:
        # Nothing is being worked on any more that a change of the settings could still be waiting for.
        async with self._changing:
            if self._season is not None:
                await self._season.aclose()

    def _configuration(self) -> Config:
        return cast(Config, self.config)

    def _listening(self) -> ports.Listening:
        return self._intake.listening()

    def _remarks(self) -> Sequence[Say]:
        setup = self._intake.setup()
        remarks = []
        if setup.owner is SyncOwner.FOREIGN:
            remarks.append(Say("client_sync_on"))
        if setup.autojoin:
            remarks.append(Say("client_autojoin_on"))
        if self._sole.shared:
            remarks.append(Say("database_shared"))
        return remarks
