"""The intake on a real homeserver with real keys: what was said while the bot was away is heard when it is back."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from pathlib import Path

import pytest

from calbot.db.stores import Stores
from calbot.matrix.chat import MatrixChat
from calbot.matrix.intake import Intake
from demo.client import Person
from tests.contract.chat_worlds import bot_client, running_homeserver

from .sync_world import Diary

pytestmark = [
    pytest.mark.e2e,
    # mautrix reads deprecated fields of its own.
    pytest.mark.filterwarnings("ignore:The (device_id|sender_key) field in Megolm events:DeprecationWarning"),
]

_LOG = logging.getLogger("tests.intake")


def _now() -> datetime:
    return datetime.now(timezone.utc)


# So many keys that mautrix, taking them side by side, always loses some; so many messages that the timeline has a gap.
@pytest.mark.parametrize(("encrypted", "messages"), [(True, 150), (False, 40)], ids=["encrypted", "plain"])
async def test_nothing_is_lost_while_the_bot_is_away(
    tmp_path: Path, stores: Stores, encrypted: bool, messages: int
) -> None:
    async with running_homeserver(tmp_path / "synapse") as homeserver:
        anna_login = await homeserver.register("anna", "password", display_name="Anna")
        bot_login = await homeserver.register("calbot", "password", display_name="Calbot")
        anna = Person(homeserver, anna_login, display_name="Anna", store=tmp_path / "anna")
        try:
            room = await homeserver.create_room(anna_login, "A room", invite=[bot_login.mxid], encrypted=encrypted)

            async def run(away: int, expected: list[str]) -> None:
                async with bot_client(homeserver, bot_login, tmp_path / "bot.db", sync=False) as client:
                    diary = Diary(stores.inbox)
                    intake = Intake(client, stores.inbox, diary, _now, _LOG)
                    await intake.start()
                    if not away:
                        await diary.until(lambda: len(diary.invitations) > 0)
                        await MatrixChat(client, _LOG).join(diary.invitations[0].room)
                        expected.append(await anna.say(room, "!meet first"))
                    await diary.until(lambda: len(diary.events) >= len(expected))
                    await intake.close()
                    assert diary.ids == expected
                    assert diary.unreadable == []
                    assert {event.type for event in diary.events} == {"m.room.message"}

            await run(0, [])
            said = []
            for number in range(messages):
                if encrypted and number % 2:
                    # A key of its own for every other message: many messages to the bot's device, in one response.
                    anna._client.invalidate_outbound_session(room)
                said.append(await anna.say(room, f"!meet {number}"))
            await run(len(said), said)
        finally:
            await anna.close()
