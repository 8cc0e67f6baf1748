"""The smallest plugin: answers `!echo TEXT` with TEXT, which costs what any answer costs in this maubot."""

from __future__ import annotations

from maubot.handlers import command
from maubot.matrix import MaubotMessageEvent
from maubot.plugin_base import Plugin


class Echo(Plugin):
    @command.new("echo")
    @command.argument("text", pass_raw=True)
    async def echo(self, evt: MaubotMessageEvent, text: str) -> None:
        await evt.respond(text)
