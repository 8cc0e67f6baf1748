"""One bot in several rooms, encrypted and plain, that is killed and started again; and what the rooms hold of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from calbot.steps import VARIABLE
from demo.caldav_servers import Calendar
from demo.client import Person
from demo.events import RoomEvent
from demo.scene import ROOM, Scene, prepare_scene
from demo.stack import ROOT, SERVICE_ACCOUNT, Stack

# Of three rooms one is not encrypted. What encrypted rooms show may not be shown there, so its calendar is another.
_PLAIN = 3
# What a machine with much else to do may need until an answer or a message is there.
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Arena:
    """`scenes` share bot and people; each has a room of its own."""

    scenes: Sequence[Scene]

    @property
    def stack(self) -> Stack:
        return self.scenes[0].stack

    @property
    def anna(self) -> Person:
        """The separate client by which everything is counted."""
        return self.scenes[0].anna

    @property
    def rooms(self) -> list[str]:
        return [scene.room_id for scene in self.scenes]

    async def kill(self) -> None:
        await self.stack.maubot.kill()

    async def start(self, *, fatal: str | None = None) -> None:
        """Start the bot; with the name of a step it kills itself when it has passed that."""
        self.stack.maubot.env = {} if fatal is None else {VARIABLE: fatal}
        await self.stack.maubot.start()

    async def dies_at(self, step: str, *, within: float) -> bool:
        """Start the bot and let it go on until it has passed a step; False if it did not in so many seconds."""
        await self.start(fatal=step)
        try:
            await asyncio.wait_for(self.stack.maubot.ended(), within)
        except asyncio.TimeoutError:
            await self.kill()
            return False
        return True

    async def settle(self) -> None:
        """Start once more, and see each room through to the end of what it has to say."""
        await self.kill()
        await self.start()
        await self.take_over_calendars()
        for room in self.rooms:
            await self.anna.say(room, "!meet liste")
            await self.anna.hears(room, lambda event: event.kind in {"agenda", "error"}, timeout=PATIENCE)

    @property
    def calendars(self) -> list[Calendar]:
        return list(self._one_scene_by_calendar)

    @property
    def _one_scene_by_calendar(self) -> dict[Calendar, Scene]:
        return {scene.calendar: scene for scene in self.scenes}

    async def take_over_calendars(self) -> None:
        """Return when the bot has read what other programs wrote, and planned for it."""
        for scene in self._one_scene_by_calendar.values():
            await scene.admin.say(scene.room_id, "!meet abgleich")
            await scene.admin.hears(scene.room_id, lambda event: event.kind in {"ok", "error"}, timeout=PATIENCE)

    async def posted(self) -> Mapping[str, list[RoomEvent]]:
        """Everything the bot posted, by room, as the server has it now."""
        bot = self.scenes[0].bot.mxid
        return {
            room: [event for event in await self.anna.history(room) if event.sender == bot and event.state_key is None]
            for room in self.rooms
        }


@asynccontextmanager
async def arena(stack: Stack, *, suffix: str = "", rooms: int) -> AsyncIterator[Arena]:
    """The bot at work in that many rooms."""
    first = await prepare_scene(stack, suffix=suffix, people=("anna", "ben"))
    open_name = f"{first.calendar_name}-open"
    open_to_all = replace(first, calendar=await stack.calendar(open_name, "Offen"), calendar_name=open_name)
    scenes = [first]
    for number in range(1, rooms):
        plain = number % _PLAIN == 1
        scenes.append(await _in_room(open_to_all if plain else first, number, encrypted=not plain))
    settings = first.settings
    settings["calendars"][open_name] = {"account": "city", "url": f"{SERVICE_ACCOUNT}/{open_name}/"}
    settings["rooms"] = {
        scene.room_id: {**mapping, "calendars": [scene.calendar_name], "write_to": scene.calendar_name}
        for mapping in settings["rooms"].values()
        for scene in scenes
    }
    await first.bot.run(await stack.install(ROOT), settings)
    try:
        for scene in scenes:
            await scene.bot_joins(timeout=PATIENCE)
        yield Arena(scenes)
    finally:
        stack.maubot.env = {}
        await stack.ensure_running()
        await first.close()


async def _in_room(scene: Scene, number: int, *, encrypted: bool) -> Scene:
    """The same people, bot and calendar in another room."""
    invited = [scene.bot.mxid, *(person.mxid for person in scene.people.values())]
    name = f"{ROOM} {number}"
    room = await scene.stack.homeserver.create_room(scene.admin.login, name, invite=invited, encrypted=encrypted)
    for person in scene.people.values():
        await person.join(room)
    await scene.admin.sync()
    return replace(scene, room_id=room)


def new(events: Sequence[RoomEvent], kind: str) -> Iterator[RoomEvent]:
    """Messages of a kind, edits not among them."""
    return (event for event in events if event.kind == kind and not event.replaces)
