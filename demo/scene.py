"""The scene of the demonstration and of each end-to-end test: people and a bot in a room, mapped to a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .caldav_servers import Calendar
from .stack import SERVER_NAME, SERVICE_ACCOUNT, Bot, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from .client import Person
    from .events import RoomEvent
    from .process import ServerProcess

PEOPLE = {"anna": "Anna Huber", "ben": "Ben Yıldız", "chris": "Chris Maier"}
ADDRESSES = {
    "anna": "anna.huber@stadt.example",
    "ben": "ben.yildiz@stadt.example",
    "chris": "chris.maier@stadt.example",
}
ADMIN = "Admin"
BOT = "Kalender"
ROOM = "IT-Team"


@dataclass(frozen=True, slots=True)
class Scene:
    stack: Stack
    bot: Bot
    admin: Person
    people: Mapping[str, Person]
    room_id: str
    calendar: Calendar
    calendar_name: str
    # What the plugin is to be run with; a test may change it before.
    settings: dict[str, Any]

    @property
    def anna(self) -> Person:
        return self.people["anna"]

    @property
    def ben(self) -> Person:
        return self.people["ben"]

    async def bot_joins(self, *, timeout: float = 20.0) -> None:
        """Wait until the bot has accepted the room's invitation and greeted."""

        def said_by_bot(event: RoomEvent) -> bool:
            return event.sender == self.bot.mxid and bool(event.kind)

        if not any(map(said_by_bot, await self.admin.history(self.room_id))):
            await self.admin.hears(self.room_id, said_by_bot, timeout=timeout)

    async def standalone(self, plugin: Path) -> ServerProcess:
        """The plugin in maubot's standalone mode, as the same bot on a new device, not started yet."""
        account = await self.stack.account(self.bot.instance, self.bot.display_name)
        login = await self.stack.homeserver.login(account.name, account.password, device_name="standalone")
        return self.stack.standalone(login, plugin, self.settings)

    async def close(self) -> None:
        """Leave the stack as if the scene had not been; accounts and rooms stay."""
        await self.bot.remove()
        for person in (self.admin, *self.people.values()):
            await self.stack.forget(person)


class PrepareScene(Protocol):
    """`async with prepared(…) as scene`, with the options of `prepare_scene`, on a stack that is given."""

    def __call__(self, **options: Any) -> AbstractAsyncContextManager[Scene]: ...


async def prepare_scene(
    stack: Stack,
    *,
    suffix: str = "",
    people: Sequence[str] = tuple(PEOPLE),
    encrypted: bool = True,
    room_version: str = "11",
    bot_syncs_itself: bool = False,
    homeserver_url: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Scene:
    """Everything but the plugin: accounts, room with all invited and people joined, calendar, bot with verified device.

    What is there from a run before is used again. `suffix` keeps scenes on one stack apart; `homeserver_url` is where
    the bot finds the homeserver, if not directly; `settings` replace top-level keys of the plugin's configuration.
    `scene.bot.run(plugin_id, scene.settings)` brings the bot to life.
    """
    bot = await stack.bot(f"calbot{suffix}", BOT, sync=bot_syncs_itself, homeserver_url=homeserver_url)
    admin = await stack.person(f"admin{suffix}", ADMIN)
    joining = {name: await stack.person(f"{name}{suffix}", PEOPLE[name]) for name in people}
    room_name = f"{ROOM}{suffix}"
    room_id = stack.state.rooms.get(room_name)
    if room_id is None:
        invited = [bot.mxid, *(person.mxid for person in joining.values())]
        room_id = await stack.homeserver.create_room(
            admin.login, ROOM, invite=invited, encrypted=encrypted, room_version=room_version
        )
        await admin.sync()
        for person in joining.values():
            await person.join(room_id)
        stack.state.rooms[room_name] = room_id
        stack.state.save()
    calendar_name = f"it-team{suffix}"
    calendar = await stack.calendar(calendar_name, ROOM)
    return Scene(
        stack=stack,
        bot=bot,
        admin=admin,
        people=joining,
        room_id=room_id,
        calendar=calendar,
        calendar_name=calendar_name,
        settings={**plugin_settings(stack, calendar_name, room_id, suffix), **(settings or {})},
    )


def plugin_settings(stack: Stack, calendar_name: str, room_id: str, suffix: str = "") -> dict[str, Any]:
    """The plugin's configuration as an admin would type it into maubot."""
    return {
        "command_prefix": "!meet",
        "admins": [f"@admin{suffix}:{SERVER_NAME}"],
        "defaults": {"language": "de", "timezone": "Europe/Berlin", "reminders": ["15m"]},
        "accounts": {
            "city": {
                "url": stack.calendar_url,
                "username": SERVICE_ACCOUNT,
                "password": stack.state.calendar_passwords[SERVICE_ACCOUNT],
                "address": "termine@stadt.example",
                "delivery": "none",
            }
        },
        "calendars": {calendar_name: {"account": "city", "url": f"{SERVICE_ACCOUNT}/{calendar_name}/"}},
        "rooms": {room_id: {"calendars": [calendar_name], "write_to": calendar_name, "reminders": ["1m"]}},
        "people": {
            "addresses": {f"@{name}{suffix}:{SERVER_NAME}": address for name, address in ADDRESSES.items()},
        },
        "sync": {"interval": "15s"},
    }
