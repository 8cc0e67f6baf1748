"""What `status` says of a bot that was set up as the handbook has it: nothing but the right that members lack."""

from __future__ import annotations

from demo.scene import Scene


async def test_a_device_signed_before_the_first_sync_is_known_to_be_verified(scene: Scene) -> None:
    await scene.admin.say(scene.room_id, "!meet zustand")
    status = await scene.admin.hears(scene.room_id, lambda event: event.kind == "status")
    # As an ordinary member it may not redact, and so not end polls of others: the room's say, not the set-up's.
    told = (status.part["crypto"], status.part["notes"], status.part["problems"])
    assert told == ("verified", ["lacks_end_polls"], [])
