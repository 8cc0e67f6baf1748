"""`make handbook`: types every command of the admin handbook, in its order, and looks at what came of it.

`python -m tests.handbook [docs/admin.en.md]` needs no root. `--bare DIRECTORY` (root only) follows it in a bare Debian
there, as `debootstrap --variant=minbase bookworm DIRECTORY` makes one.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demo.accounts import MatrixError
from demo.client import NotHeard
from demo.events import RoomEvent
from demo.process import StartError
from demo.stack import ROOT

from .blocks import BadFence, Block, Where, read_blocks
from .machine import Machine, StepFailed, is_debian, machine
from .organisation import Organisation, organisation, with_values

# Of the bot's answers, by the command's first word after the prefix, in either language.
_ANSWERS = {
    "verbinde": "question",
    "map": "question",
    "1": "ok",
    "zustand": "status",
    "status": "status",
    "neu": "meeting",
    "new": "meeting",
    "liste": "agenda",
    "list": "agenda",
}
_RECOVERY_KEY = re.compile(r"^(?:[1-9A-HJ-NP-Za-km-z]{4} ){10,}[1-9A-HJ-NP-Za-km-z]{1,4}$", re.MULTILINE)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.handbook", description="Follows the admin handbook word by word.")
    parser.add_argument("handbook", nargs="?", type=Path, default=ROOT / "docs/admin.de.md")
    parser.add_argument("--bare", type=Path, metavar="DIRECTORY", help="a bare Debian to follow it in; root only")
    options = parser.parse_args(argv)
    try:
        asyncio.run(follow(options.handbook.name, typed(options.handbook), options.bare))
    except (StepFailed, StartError, NotHeard, MatrixError, BadFence) as error:
        print(f"make handbook: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 143
    return 0


def typed(handbook: Path) -> list[Block]:
    """The blocks of the handbook that are acted out."""
    return [one for one in read_blocks(handbook.read_text()) if one.where not in {Where.NOWHERE, Where.ELSEWHERE}]


async def follow(name: str, blocks: Sequence[Block], bare: Path | None) -> None:
    if bare is not None and not is_debian(bare):
        raise StartError(f"{bare} is not a bare Debian that root can enter")
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="calbot-handbook-") as scratch:
        root = bare if bare is not None else Path(scratch) / "machine"
        async with organisation(Path(scratch)) as there, machine(root, ROOT, bare=bare is not None) as here:
            walk = Walk(there, here)
            try:
                for block in blocks:
                    await walk.take(block)
            except StepFailed as error:
                raise StepFailed(f"{name}:{walk.line}: {error}\n{last_words(here)}") from None
            except NotHeard as error:
                raise NotHeard(f"{name}:{walk.line}: {error}\n{last_words(here)}") from None
            await walk.judge()
            print(f"{name}: {len(blocks)} blocks typed, {walk.seconds:.0f} s")


def last_words(here: Machine) -> str:
    return here.service_log.read_text()[-3000:] if here.service_log.exists() else ""


class Walk:
    def __init__(self, there: Organisation, here: Machine) -> None:
        self._there = there
        self._here = here
        self._recovery_key = ""
        self._statuses: list[RoomEvent] = []
        self._made = 0
        self._began = time.monotonic()
        self.line = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    async def take(self, block: Block) -> None:
        self.line = block.line
        print(f"{self.seconds:6.1f} s  line {block.line}: {block.text.splitlines()[0][:90]}", flush=True)
        if block.where is Where.CHAT:
            await self._chat(block.text)
        elif block.where is Where.HOMESERVER:
            await self._there.type(block.text)
        else:
            text = with_values(block.text, self._there.values) if block.where is Where.VALUES else block.text
            printed = await self._here.type(text, self._answers())
            if key := _RECOVERY_KEY.search(printed):
                self._recovery_key = key[0]

    def _answers(self) -> dict[str, str]:
        return {
            "BOT_PASSWORD": self._there.bot_password,
            "CALDAV_PASSWORD": self._there.calendar.password,
            "RECOVERY_KEY": self._recovery_key,
        }

    async def _chat(self, text: str) -> None:
        answer = await self._there.say(text)
        expected = _ANSWERS.get(text.split()[1].lower())
        if answer.kind != expected:
            raise StepFailed(f"{text.strip()}: {answer.kind} instead of {expected}: {answer.body}")
        if answer.kind == "status":
            self._statuses.append(answer)
        self._made += answer.kind == "meeting"

    async def judge(self) -> None:
        """A mapped room whose meetings are in the calendar, and nothing to complain about."""
        if not self._statuses or not self._made:
            raise StepFailed("the handbook leads to no status and no meeting")
        for status in self._statuses:
            said = status.part
            calendars = {one["calendar"]: one["problem"] for one in said["calendars"]}
            if (calendars, said["crypto"], said["notes"], said["problems"]) != ({"it-team": None}, "verified", [], []):
                raise StepFailed(f"not all is well: {status.body}")
            if not status.was_encrypted:
                raise StepFailed("the status was not encrypted")
        written = await self._there.calendar.objects()
        if len(written) != self._made:
            raise StepFailed(f"{self._made} meetings were made, in the calendar are {len(written)}")


if __name__ == "__main__":
    sys.exit(main())
