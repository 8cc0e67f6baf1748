"""Restarts and kills at awkward moments, on real servers: nothing is lost, nothing happens twice."""

from __future__ import annotations

from demo.scene import PrepareScene, Scene
from demo.stack import ROOT, Stack

from .interception import Interceptor
from .test_main_path import open_poll, plan_reminder


async def count(scene: Scene, kind: str) -> int:
    """How many messages of a kind the room holds, edits not counted."""
    history = await scene.anna.history(scene.room_id)
    return sum(event.kind == kind and not event.replaces for event in history)


async def test_killed_between_votes_and_closing(scene: Scene, stack: Stack) -> None:
    poll = await open_poll(scene)
    await scene.anna.vote(poll, 2)
    await scene.ben.vote(poll, 2)
    await stack.maubot.kill()
    await stack.maubot.start()
    await scene.anna.say(scene.room_id, "!meet schließen")
    result = await scene.anna.hears(scene.room_id, lambda event: event.kind == "poll_result", timeout=40)
    assert result.part["outcome"] == "booked"
    assert len(await scene.calendar.objects()) == 1


async def test_what_was_said_while_the_bot_was_down_is_answered(scene: Scene, stack: Stack) -> None:
    poll = await open_poll(scene)
    await stack.maubot.stop()
    await scene.ben.vote(poll, 3)
    await scene.anna.say(scene.room_id, "!meet neu Nachtrag morgen 9-10 Uhr")
    await scene.anna.say(scene.room_id, "!meet schließen")
    await stack.maubot.start()
    card = await scene.anna.hears(
        scene.room_id,
        lambda event: event.kind == "meeting" and "Nachtrag" in event.body,
        timeout=40,
        after=poll.event_id,
    )
    assert card.readable
    result = await scene.anna.hears(scene.room_id, lambda event: event.kind == "poll_result", timeout=40)
    assert "15:00–16:00" in result.body
    assert await count(scene, "poll_result") == 1


async def test_killed_while_something_was_said(scene: Scene, stack: Stack) -> None:
    first = await scene.anna.say(scene.room_id, "!meet liste")
    await stack.maubot.kill()
    second = await scene.ben.say(scene.room_id, "!meet nächster")
    await stack.maubot.start()
    await scene.anna.hears(scene.room_id, lambda event: event.replies_to == first, timeout=40)
    await scene.ben.hears(scene.room_id, lambda event: event.replies_to == second, timeout=40)
    history = await scene.anna.history(scene.room_id)
    assert sorted(event.replies_to for event in history if event.replies_to) == sorted((first, second))


async def test_in_standalone_mode_nothing_is_lost_either(stack: Stack, prepared: PrepareScene) -> None:
    async with prepared() as scene, await scene.standalone(ROOT) as process:
        await scene.bot_joins(timeout=40)
        poll = await open_poll(scene)
        await process.kill()
        await scene.ben.vote(poll, 1)
        await scene.anna.say(scene.room_id, "!meet schließen")
        await process.start()
        result = await scene.anna.hears(scene.room_id, lambda event: event.kind == "poll_result", timeout=60)
        assert "14:00–15:00" in result.body
        assert len(await scene.calendar.objects()) == 1


async def test_killed_between_writing_the_event_and_saying_so(stack: Stack, prepared: PrepareScene) -> None:
    plugin_id = await stack.install(ROOT)
    async with Interceptor(stack.calendar_url) as between, prepared() as scene:
        scene.settings["accounts"]["city"]["url"] = f"{between.url}/"
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        poll = await open_poll(scene)
        await scene.ben.vote(poll, 2)
        killed = between.once_done("PUT", r"\.ics$", stack.maubot.kill)
        await scene.anna.say(scene.room_id, "!meet schließen")
        await killed.wait()
        assert len(await scene.calendar.objects()) == 1
        assert await count(scene, "poll_result") == 0
        await stack.maubot.start()
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "poll_result", timeout=60)
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "meeting", timeout=60)
        assert len(await scene.calendar.objects()) == 1
        assert await count(scene, "poll_result") == 1


async def test_killed_between_posting_a_reminder_and_marking_it(stack: Stack, prepared: PrepareScene) -> None:
    plugin_id = await stack.install(ROOT)
    async with Interceptor(stack.homeserver.url) as between, prepared(homeserver_url=between.url) as scene:
        await scene.bot.run(plugin_id, scene.settings)
        await scene.bot_joins()
        killed = between.once_done("PUT", r"/send/.*reminder-", stack.maubot.kill)
        await plan_reminder(scene)
        await killed.wait()
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "reminder")
        await stack.maubot.start()
        await scene.anna.say(scene.room_id, "!meet liste")
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "agenda", timeout=60)
        await scene.anna.say(scene.room_id, "!meet zustand")
        await scene.anna.hears(scene.room_id, lambda event: event.kind == "status", timeout=60)
        assert await count(scene, "reminder") == 1
