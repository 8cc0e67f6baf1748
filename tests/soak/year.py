"""The year itself: time passes, people work, servers fail, the bot is killed and started again."""

from __future__ import annotations

import heapq
import itertools
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from calbot.core.model import CalendarName
from calbot.core.permissions import PowerLevels
from calbot.errors import Unavailable
from tests.fakes.clock import FakeClock

from .agendas import Agendas
from .announcements import Announcements
from .authors import Authors
from .bot import Bot, failed_logs
from .department import Department, founded, room_rules
from .expectations import Difference, Expectations, RoomRules
from .life import Kill
from .misfortunes import Act, Misfortunes
from .report import Measure, Plan, Report, grown, resident
from .servers import Arrival, CalendarServers, Homeserver, shortened

_BERLIN = ZoneInfo("Europe/Berlin")
_SHOWN = 50  # differences, as they are found
_SEEN_WITHIN = timedelta(hours=2)  # until what changed in a calendar has to be known, where nothing is in the way


class Year:
    def __init__(self, plan: Plan, database_url: str, progress: Callable[[str], None] = lambda _: None) -> None:
        self.plan = plan
        self.chances = random.Random(plan.seed)
        random.seed(plan.seed)  # the services' jitter
        self.clock = FakeClock(plan.begin.astimezone(ZoneInfo("UTC")))
        self.department: Department = founded(self.chances, plan.scale)
        self.model = Expectations(self.department.members)
        self.told = Announcements(self.model.known, lambda: self.model.rooms, self.model.clear_since, self.model.differ)
        self.agendas = Agendas(self.model.known, lambda: self.model.rooms, self.model.clear_since, self.model.differ)
        self.chat = Homeserver(self.clock, random.Random(plan.seed + 1), self._arrived)
        self.servers = CalendarServers(self.department.servers, self.clock, random.Random(plan.seed + 2))
        self.authors = Authors(self.department, self.servers, random.Random(plan.seed + 3), self.model.note)
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.misfortunes = Misfortunes(
            self.clock, self.chances, self.department, self.chat, self.servers, self.model, self._at
        )
        self._database_url = database_url
        self._progress = progress
        self.model.found = self._found
        self._rooms = dict(self.department.rooms)
        self._all_rooms = dict(self.department.rooms)
        self._bot: Bot | None = None
        self._ring = 0
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = itertools.count()
        self._known: dict[str, dict[str, str]] = {name: {} for name in self.department.calendars}
        self._unread: set[str] = set()  # calendars that have not been looked at since the start, or the last settings
        self._unsettled: tuple[datetime, set[str]] | None = None
        self._stop_soon = False
        self._start_wanted = False
        self._measure_wanted = False
        self._report = Report(plan, self.model.differences, self.failures, self.counts)
        for room, members in self.department.members.items():
            self.chat.add_room(room, *sorted(members), power=PowerLevels(users={self.chat.user: 100}))
        self.servers.touched = self._touched

    # ------------------------------------------------------------------------------------------------- the loop

    async def run(self) -> Report:
        began = time.monotonic()
        handler, errors = failed_logs()
        end = self.clock() + timedelta(days=self.plan.days)
        for _ in range(round(self.plan.series * self.plan.scale)):
            self.authors.make_series(self.clock())
        self._schedule_all(end)
        self.model.trouble("bot down", self.clock())
        await self._start()
        await self._measure()
        while True:
            ring = self._bot.alarm.next() if self._bot is not None else None
            act = self._acts[0][0] if self._acts else end
            if min(act, ring or act) >= end:
                break
            if ring is not None and ring <= act:
                await self._let_ring(ring)
            else:
                self._pass_to(act)
                heapq.heappop(self._acts)[2]()
            await self._follow_wishes()
            if errors:
                if self._bot is not None and not self._bot.life.dead:
                    self.failures += [f"{self.clock()}: logged: {error}" for error in errors]
                errors.clear()
        self._pass_to(end)
        await self._measure()
        if self._bot is not None:
            await self._bot.end()
        handler.close()
        self.counts.update(self.model.counts)
        self.counts.update(self.told.counts)
        self.counts.update(self.agendas.counts)
        self.counts.update(self.misfortunes.counts)
        self.failures += grown(self._report)
        self.counts["sent events"] = self.chat.posted_count
        self._report.seconds = time.monotonic() - began
        return self._report

    async def _follow_wishes(self) -> None:
        """What acts asked for and has to be awaited."""
        if self._stop_soon and self._bot is not None:
            await self._die("stopped")
        self._stop_soon = False
        if self._start_wanted and self._bot is None:
            await self._start()
        self._start_wanted = False
        if self._measure_wanted:
            self._measure_wanted = False
            await self._measure()

    def _pass_to(self, moment: datetime) -> None:
        self.clock.set(max(moment, self.clock()))
        self.model.advance(self.clock())
        self.told.advance(self.clock())
        self.agendas.advance(self.clock())

    async def _let_ring(self, when: datetime) -> None:
        if self._bot is None:
            return
        self._pass_to(when)
        self._ring += 1
        bot = self._bot
        name, ring = bot.alarm.take()
        kind = name.partition(":")[0]
        self._report.rings[kind] += 1
        began = time.perf_counter()
        try:
            await ring()
        except Kill:
            await self._die(kind)
            return
        except Unavailable:
            self.counts[f"{kind} failed for an outage"] += 1
            bot.alarm.at(name, self.clock() + timedelta(seconds=60), ring)
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            self.failures.append(f"{self.clock()}: {name} failed:\n{traceback.format_exc()}")
            bot.alarm.at(name, self.clock() + timedelta(seconds=60), ring)
        finally:
            self._report.ring_seconds[kind] += time.perf_counter() - began
        if bot.life.dead:
            await self._die(kind)
        elif kind == "sync":
            await self._learn(bot, name.partition(":")[2], looked=True)
        elif name == "begin":
            for calendar in self.department.calendars:
                await self._learn(bot, calendar)
            self.model.certain(self.clock())
            self._unsettled = None

    # -------------------------------------------------------------------------------------------------- the bot

    async def _start(self) -> None:
        now = self.clock()
        if self.chances.random() < 0.04:
            self.chat.device = f"DEVICE{self._ring}"
            self.counts["other devices"] += 1
        self._bot = await Bot.started(
            self._database_url, self.department.settings(self._rooms), self.clock, self.chat, self.servers
        )
        self._put_in_force(now)
        self.model.started(now)
        self.model.tell(self.clock(), "the bot starts")
        self.counts["starts"] += 1

    def _put_in_force(self, now: datetime) -> None:
        changed = self.model.configured(self._rooms, now)
        self.told.configured(changed, now)
        self.agendas.configured(changed, now)
        self._unread.update(self.department.calendars)
        if self._unsettled is None:
            self._unsettled = (now, set())
        if self._unsettled[0] != now:
            self._unsettled = (now, self._unsettled[1])
        self._unsettled[1].update(changed)

    async def _die(self, where: str) -> None:
        if self._bot is None:
            return
        now = self.clock()
        bot, self._bot = self._bot, None
        if self._unsettled is not None:  # the settings were not all in force
            self.model.doubt(self._unsettled[1], self._unsettled[0])
        if bot.life.killed_at:
            self.counts["kills"] += 1
            self.counts[f"killed in {where}"] += 1
            if where == "delivery":
                self.model.killed_sending = now
        self.model.tell(self.clock(), f"the bot is killed in {where}, at a step of the {bot.life.killed_at}")
        for calendar in self.department.calendars:
            await self._learn(bot, calendar)
        await bot.end()
        self.model.trouble("bot down", now)
        choice = self.chances.random()
        if choice < 0.85:
            pause = timedelta(seconds=self.chances.randint(2, 600))
        elif choice < 0.98:
            pause = timedelta(minutes=self.chances.randint(10, 300))
        else:
            pause = timedelta(hours=self.chances.randint(10, 40))
        self._at(now + pause, self._want_start)

    def _want_start(self) -> None:
        self._start_wanted = True

    async def _learn(self, bot: Bot, calendar: str, *, looked: bool = False) -> None:
        """Note what the bot knows of a calendar now, and whether that is what there is."""
        name = CalendarName(calendar)
        if looked and name not in self.servers.dirty and calendar not in self._unread:
            return
        now = self.clock()
        mirrored = dict(await bot.mirrored(calendar))
        known = self._known[calendar]
        if mirrored != known:
            self._known[calendar] = mirrored
            for href in sorted(known.keys() | mirrored.keys()):
                if known.get(href) != mirrored.get(href):
                    self._learn_one(calendar, href, mirrored.get(href), now)
        if looked and mirrored == self.servers.etags(name) and name not in self.servers.down:
            self.servers.dirty.pop(name, None)
            self._unread.discard(calendar)
            self.told.read(calendar)

    def _learn_one(self, calendar: str, href: str, etag: str | None, now: datetime) -> None:
        uid = unquote(href).rpartition("/")[2].removesuffix(".ics")
        event = None if etag is None else self.authors.version(calendar, href, etag)
        self.told.before(calendar, uid, event, now)
        self.model.learns(calendar, uid, event, now)

    def _found(self, difference: Difference) -> None:
        if len(self.model.differences) <= _SHOWN:
            self._progress("\n    ".join((str(difference), *self.model.around(difference))))

    def _arrived(self, one: Arrival) -> None:
        part = one.content.get("io.calbot")
        kind = part.get("kind") if isinstance(part, Mapping) else None
        if not isinstance(part, Mapping) or "m.new_content" in one.content:
            return
        if kind == "reminder":
            self.model.reminded(one, part, self._ring)
        elif kind == "change":
            for item in part.get("items", [part]):
                self.model.note(str(item.get("uid")), one.at, f"told in {one.room}: {shortened(one.content)}")
            self.told.arrived(one, part, fresh=self.model.is_fresh(one, one.at))
        elif kind == "agenda":
            self.agendas.arrived(one, part)
        else:
            self.counts[f"messages of kind {kind}"] += 1

    def _touched(self, calendar: CalendarName) -> None:
        if self._bot is not None and not self._bot.life.dead:
            self._bot.alarm.wake(calendar)

    # ----------------------------------------------------------------------------------------- what happens when

    def _at(self, when: datetime, act: Act) -> None:
        heapq.heappush(self._acts, (when, next(self._numbers), act))

    def _schedule_all(self, end: datetime) -> None:
        plan = self.plan
        for rate, act, working in (
            (plan.acts * plan.scale, self._act, True),
            (plan.disturbances * plan.scale, self._disturb, True),
            (plan.kills, self._kill_soon, True),
            (plan.kills / 4, self._kill_now, False),
            (plan.stops, self._stop, False),
            (plan.outages, self.misfortunes.homeserver_outage, False),
            (plan.outages, self.misfortunes.homeserver_busy, True),
            (plan.outages, self.misfortunes.homeserver_forgetful, True),
            (plan.outages * plan.scale * 2, self.misfortunes.room_lost, True),
            (plan.calendar_outages, self.misfortunes.calendar_outage, False),
            (plan.calendar_outages, self.misfortunes.calendar_flaky, False),
            (plan.settings, self._other_settings, True),
        ):
            for _ in range(round(rate * plan.days)):
                self._at(self._some_time(end, working=working), act)
        start = self.clock()
        for day in range(plan.days):
            self._at(start + timedelta(days=day, hours=1), self._daily)
            if day % 7 == 6:
                self._at(start + timedelta(days=day, hours=2), self._weekly)
        for part in range(1, 8):
            self._at(start + part * timedelta(days=plan.days) / 8, self._want_measure)

    def _some_time(self, end: datetime, *, working: bool) -> datetime:
        start = self.clock()
        while True:
            when = start + (end - start) * self.chances.random()
            there = when.astimezone(_BERLIN)
            if not working or (7 <= there.hour < 18 and there.weekday() < 5) or self.chances.random() < 0.03:
                return when

    def _act(self) -> None:
        self.counts["acts"] += 1
        self.authors.act(self.clock())

    def _disturb(self) -> None:
        soon = self.model.soon(self.clock(), timedelta(minutes=6))
        if soon:
            name = self.chances.choice(soon)
            for calendar in self.department.calendars:
                if (calendar, name.uid) in self.authors.there:
                    self.counts["disturbances"] += 1
                    self.authors.disturb(calendar, name.uid, self.clock())
                    return

    def _kill_soon(self) -> None:
        """Right before something is due, and then at one of the steps of sending it."""
        soon = self.model.soon(self.clock(), timedelta(hours=12))
        if soon:
            due = min(name.due for name in soon)
            self._at(due - timedelta(milliseconds=1), self._kill_now)

    def _kill_now(self) -> None:
        if self._bot is not None:
            self._bot.life.end_after(self.chances.randint(1, 60))

    def _stop(self) -> None:
        self._stop_soon = True

    def _other_settings(self) -> None:
        room = self.chances.choice(sorted(self.department.rooms))
        self.counts["settings changed"] += 1
        if room not in self._rooms:
            self._rooms[room] = self._all_rooms[room]
        elif self.chances.random() < 0.15:
            del self._rooms[room]
        else:
            self._rooms[room] = self._all_rooms[room] = self._other_rules(self._rooms[room])
        self.model.tell(self.clock(), f"other settings for {room}: {self._rooms.get(room)}")
        if self._bot is not None:
            self._put_in_force(self.clock())
            try:
                self._bot.reconfigured(self.department.settings(self._rooms), self.clock, self.servers)
            except Kill:
                self._stop_soon = True

    def _other_rules(self, rules: RoomRules) -> RoomRules:
        calendars = list(rules.calendars)
        if self.chances.random() < 0.4:
            other = self.chances.choice(self.department.calendars)
            if other in calendars and len(calendars) > 1:
                calendars.remove(other)
            elif other not in calendars:
                calendars.append(other)
        return replace(room_rules(self.chances, calendars), zone=rules.zone)

    # ------------------------------------------------------------------------------------------- keeping the books

    def _daily(self) -> None:
        now = self.clock()
        self.chat.forget_old()
        self.authors.archive(now)
        self.told.forget_old(now)
        self.agendas.forget_old(now)
        mapped = {name for rules in self._rooms.values() for name in rules.calendars}
        for calendar, since in self.servers.dirty.items():
            steady = calendar in mapped and calendar not in self.servers.down and self._bot is not None
            if steady and now - since > _SEEN_WITHIN and not self.model.is_troubled(now):
                self.failures.append(f"{now}: {calendar} has changes since {since} that the bot does not know")

    def _weekly(self) -> None:
        self.authors.close()
        self.model.roll(self.clock())

    def _want_measure(self) -> None:
        self._measure_wanted = True

    async def _measure(self) -> None:
        if self._bot is not None:
            measure = Measure(self.clock(), await self._bot.rows(), resident())
            self._report.measures.append(measure)
            found = f"{len(self.model.differences)} differences, {len(self.failures)} failures"
            self._progress(f"{self.clock():%Y-%m-%d}: {found}, {measure.resident // 1024} MB")
