"""`make run`: starts everything, plays the main job as a chat transcript, and stays for people to log in.

Environment: ONCE=1 ends after the transcript; PORT=9000 puts the servers on 9000, 9001 and 9002.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import aiohttp

from .accounts import MatrixError
from .caldav_servers import CalDavRequestError
from .client import NotHeard, Refused
from .maubot import MaubotError
from .process import StartError
from .scene import ADMIN, BOT, PEOPLE, ROOM, Scene, prepare_scene
from .stack import MAUBOT_ADMIN, ROOT, SERVER_NAME, Stack
from .state import Ports
from .story import StepFailed, Story
from .transcript import Transcript, bold

DATA = ROOT / ".demo"
# Those that these servers' own documentation names; each is replaced by a free one if somebody has it.
_USUAL_PORTS = Ports(homeserver=8008, calendar=5232, maubot=29316)
# What can go wrong with servers, plugin and steps; each says in one line what.
_FAILURES = (
    StartError,
    StepFailed,
    NotHeard,
    Refused,
    MatrixError,
    MaubotError,
    CalDavRequestError,
    aiohttp.ClientError,
)


def main() -> int:
    try:
        return asyncio.run(run())
    except _FAILURES as error:
        print(f"make run: {error}", file=sys.stderr)
        print(f"make run: logs of the servers are in {DATA}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 130


async def run() -> int:
    _end_on_signals()
    stay = os.environ.get("ONCE", "") in {"", "0"}
    async with Stack(DATA, ports=_ports(), progress=progress) as stack:
        scene = await set_the_scene(stack)
        names = {person.mxid: person.display_name for person in (scene.admin, *scene.people.values())}
        transcript = Transcript(scene.anna, scene.room_id, {**names, scene.bot.mxid: BOT})
        print(f"\n{bold(f'Raum „{ROOM}“, Ende-zu-Ende-verschlüsselt, mit dem Kalender „{ROOM}“ verbunden')}")
        await Story(scene, transcript).play()
        print(farewell(scene, stay=stay), flush=True)
        if stay:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            progress("stopping the servers")
    return 0


async def set_the_scene(stack: Stack) -> Scene:
    progress("packing the plugin and uploading it to maubot")
    plugin_id = await stack.install(ROOT)
    progress("preparing accounts, room and calendar, verifying the bot's device")
    scene = await prepare_scene(stack)
    await scene.bot.run(plugin_id, scene.settings)
    if not await scene.bot.running():
        raise StepFailed(f"the plugin did not start (log: {stack.maubot.log})")
    try:
        await scene.bot_joins()
    except NotHeard:
        raise StepFailed(f"the bot did not accept the room's invitation (log: {stack.maubot.log})") from None
    return scene


def _end_on_signals() -> None:
    """Ctrl-C and SIGTERM end this task, once: a second one must not keep the servers from being stopped."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def end() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        if task:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


def _ports() -> Ports:
    first = os.environ.get("PORT", "")
    if not first:
        return _USUAL_PORTS
    if not first.isdecimal() or not 0 < int(first) < 65534:
        raise StartError(f"PORT is a number between 1 and 65533, not {first!r}")
    return Ports(int(first), int(first) + 1, int(first) + 2, fixed=True)


def progress(text: str) -> None:
    print(f"· {text}", flush=True)


def farewell(scene: Scene, *, stay: bool) -> str:
    """How to go on by oneself."""
    stack = scene.stack
    passwords = {name: stack.state.accounts[name].password for name in (*PEOPLE, "admin")}
    people = [
        f"    {name:<6} {passwords[name]}   {full_name}" for name, full_name in ({**PEOPLE, "admin": ADMIN}).items()
    ]
    lines = [
        "",
        bold("Selbst ausprobieren"),
        f"  Matrix    Homeserver {stack.homeserver_url} ({SERVER_NAME}), mit jedem Client, etwa Element Desktop",
        *people,
        "            Neue Geräte lesen, was ab jetzt geschrieben wird: ältere Nachrichten sind für sie verschlüsselt.",
        f"  Kalender  {scene.calendar.url}",
        "            in Thunderbird: Neuer Kalender, Im Netzwerk; Name und Passwort wie oben",
        f"  maubot    {stack.maubot_url}/_matrix/maubot/ mit {MAUBOT_ADMIN} und {stack.state.maubot_password}",
        f"  Daten     {DATA}; `make clean` entfernt sie",
        *(["", "Strg-C beendet alles."] if stay else []),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
