"""What only maubot on PostgreSQL can go through: the database restarted under it, its instances beside each other."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from demo.scene import Scene
from demo.stack import Stack
from tests.postgres import Postgres

from .test_main_path import open_poll

PLUGIN = "io.calbot"


@pytest.fixture
def database(chosen_postgres: Postgres | None) -> Postgres:
    if chosen_postgres is None:
        pytest.skip("with --database postgres only")
    return chosen_postgres


async def test_what_was_said_while_the_database_was_down_is_done_once(
    scene: Scene, stack: Stack, database: Postgres
) -> None:
    """Also the keys of the bot lie there, so that it cannot say anything meanwhile."""
    poll = await open_poll(scene)
    database.stop()
    try:
        await scene.ben.vote(poll, 3)
        await scene.anna.say(scene.room_id, "!meet neu Nachtrag morgen 9-10 Uhr")
        await asyncio.sleep(2)  # the bot has to meet with it being away
    finally:
        database.start()
    await stack.ensure_running()  # mautrix ends maubot if it is surprised enough; what runs it starts it again

    card = await scene.anna.hears(
        scene.room_id, lambda event: event.kind == "meeting" and "Nachtrag" in event.body, timeout=90
    )
    assert card.readable
    await scene.anna.say(scene.room_id, "!meet schließen")
    result = await scene.anna.hears(scene.room_id, lambda event: event.kind == "poll_result", timeout=60)
    assert "15:00–16:00" in result.body
    assert len(await scene.calendar.objects()) == 2
    history = await scene.anna.history(scene.room_id)
    assert sum(event.kind == "meeting" and "Nachtrag" in event.body and not event.replaces for event in history) == 1


async def test_instances_have_a_schema_each(scene: Scene, stack: Stack, database: Postgres) -> None:
    second = await stack.bot(f"second-{scene.bot.instance}", "Zweiter")
    try:
        await second.run(PLUGIN, {**scene.settings, "command_prefix": "!plan"})
        await stack.homeserver.invite(scene.admin.login, scene.room_id, second.mxid)
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "ok" and event.sender == second.mxid)
        await scene.anna.say(scene.room_id, '!meet neu "Erster" morgen 9-10 Uhr')
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "meeting")
        await scene.anna.say(scene.room_id, '!plan neu "Zweiter" morgen 11-12 Uhr')
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "meeting" and event.sender == second.mxid)
        connection = await asyncpg.connect(database.url("maubot"))
        try:
            made = {
                instance: {row["key"] for row in await connection.fetch(f'SELECT key FROM "mbp_{instance}".undoable')}
                for instance in (scene.bot.instance, second.instance)
            }
            beside = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = 'calendar_object'"
            )
        finally:
            await connection.close()
    finally:
        await second.remove()
    first_made, second_made = made.values()
    assert len(first_made) == len(second_made) == 1
    assert first_made != second_made
    assert beside == []
