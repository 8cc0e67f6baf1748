"""What a maubot does with the package in the course of time. A program: `python -m tests.package.scenes SCENE …`

Run in a process of its own, since the modules that come from the package must not be there already from the working
tree. Plays one scene and writes what was seen as JSON; asserts nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from maubot.instance import PluginInstance
from maubot.management.api.plugin_upload import upload_replacement_plugin
from packaging.version import Version

from .servers import ADMIN
from .small_maubot import Maubot, Report, plugin_modules, running


async def lifecycle(maubot: Maubot) -> Report:
    """Two instances on one client: started, one stopped, both stopped; and all that a second time."""
    german = await maubot.instance("german", maubot.settings())
    english = await maubot.instance("english", maubot.settings(command_prefix="!plan", defaults={"language": "en"}))
    before = await maubot.traces()
    report: Report = {"rounds": []}
    for _ in range(2):
        await german.start()
        await english.start()
        said: Report = {"both": await maubot.answers("!meet liste", "!plan list")}
        said["synced"] = await maubot.answers("!meet abgleich", "!plan sync", sender=ADMIN)
        running = await maubot.traces()
        # The one that runs the client's sync for both is the first.
        await maubot.stop(german)
        said["one"] = await maubot.answers("!plan list")
        await maubot.stop(english)
        report["rounds"].append(
            {**said, "running": running.beyond(before), "left": (await maubot.traces()).beyond(before)}
        )
    report["modules"] = plugin_modules()
    report["all_said"] = len(await maubot.sent(0))
    return report


_BEGUN = "Encryption is off"


async def troubles(maubot: Maubot) -> Report:
    """Everything that can be wrong at start; what `start` did, and what the stopped instance left behind."""
    refused = "http://127.0.0.1:9/"
    account = {"city": {"url": refused, "username": "svc", "password": "secret"}}
    configurations = {
        "no_yaml": "command_prefix: [",
        "no_map": "- 1",
        "nothing": "",
        "nulls": json.dumps(dict.fromkeys(("command_prefix", "accounts", "rooms", "defaults", "admins"))),
        "wrong_values": maubot.settings(defaults={"timezone": "Mars"}, sync={"interval": "soon"}, rooms=[1]),
        "no_password": maubot.settings(
            accounts={"city": {**account["city"], "password": {"env": "CALBOT_TEST_UNSET"}}}
        ),
        "calendar_server_refuses": maubot.settings(accounts=account),
        "calendar_server_hangs": maubot.settings(calendars={"it-team": {"account": "city", "url": "hangs/it-team/"}}),
    }
    report: Report = {}
    for trouble, configuration in configurations.items():
        instance = await maubot.instance(trouble, configuration)
        report[trouble] = await _start_and_stop(maubot, instance, _BEGUN)

    instance = await maubot.instance("broken_database", maubot.settings())
    await instance.start()
    await maubot.stop(instance)
    await maubot.meddle(instance, "DROP TABLE kept")
    report["broken_database"] = await _start_and_stop(maubot, instance, "calbot could not start")

    maubot.client.client.api.base_url = maubot.client.client.api.base_url.with_port(9)
    instance = await maubot.instance("homeserver_gone", maubot.settings())
    report["homeserver_gone"] = await _start_and_stop(maubot, instance, _BEGUN)
    return report


async def mended(maubot: Maubot) -> Report:
    """The database is broken at the start, and works again later."""
    instance = await maubot.instance("mended", maubot.settings())
    await instance.start()
    await maubot.stop(instance)
    before = await maubot.traces()
    await maubot.meddle(instance, "ALTER TABLE kept RENAME TO away")
    sys.modules["calbot.plugin"].__dict__["_START_AGAIN"] = 0.05
    await instance.start()
    await maubot.log.until(f"{instance.id}: calbot could not start")
    await maubot.meddle(instance, "ALTER TABLE away RENAME TO kept")
    await maubot.log.until(f"{instance.id}: {_BEGUN}")
    report: Report = {"answer": await maubot.answers("!meet liste")}
    await maubot.stop(instance)
    report["left"] = (await maubot.traces()).beyond(before)
    return report


async def _start_and_stop(maubot: Maubot, instance: PluginInstance, under_way: str) -> Report:
    """`under_way` is logged when what is done after the start has begun."""
    before = await maubot.traces()
    errors = len(maubot.log.errors)
    await instance.start()
    started, enabled = instance.started, instance.enabled
    await maubot.log.until(f"{instance.id}: {under_way}")
    # A save while something is wrong is how it gets mended.
    await instance.update_config(instance.config_str + " ")
    await maubot.stop(instance)
    left = (await maubot.traces()).beyond(before)
    return {"started": started, "enabled": enabled, "left": left, "errors": maubot.log.errors[errors:]}


async def hurry(maubot: Maubot) -> Report:
    """Stopped a few turns of the loop after the start, and after a save."""
    instance = await maubot.instance(
        "one", maubot.settings(calendars={"it-team": {"account": "city", "url": "hangs/"}})
    )
    report: Report = {"left": {}}
    before = await maubot.traces()
    for turns in (0, 1, 2, 5, 10, 20, 50, 100, 200):
        await instance.start()
        await _turns(turns)
        await maubot.stop(instance)
        report["left"][f"{turns} turns after the start"] = (await maubot.traces()).beyond(before)

        await instance.start()
        saving = asyncio.create_task(instance.update_config(maubot.settings(command_prefix=f"!p{turns}")))
        await _turns(turns)
        await maubot.stop(instance)
        await saving
        report["left"][f"{turns} turns after a save"] = (await maubot.traces()).beyond(before)
    return report


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def configuration(maubot: Maubot) -> Report:
    """Saved while it runs: good, bad, good again, many at once, and while the instance is being stopped."""
    instance = await maubot.instance("one", maubot.settings())
    before = await maubot.traces()
    await instance.start()
    report: Report = {"first": await maubot.answers("!meet liste")}
    await maubot.answers("!meet abgleich", sender=ADMIN)
    report["seasons"] = [(await maubot.traces()).seasons]

    bad = {"accounts": {"city": {"url": "nonsense"}}, "command_prefix": "!bad"}
    for name, text in {"mistakes": maubot.settings(**bad), "no_yaml": "a: [", "no_map": "42"}.items():
        await instance.update_config(text)
        report[name] = await maubot.answers("!meet liste")
    report["status"] = (await _whole_answer(maubot, "!meet zustand"))["io.calbot"]

    await instance.update_config(maubot.settings(command_prefix="!plan", defaults={"language": "en"}))
    await maubot.say("!meet liste")
    report["changed"] = await maubot.answers("!plan list")
    await maubot.answers("!plan sync", sender=ADMIN)
    report["seasons"].append((await maubot.traces()).seasons)

    prefixes = [f"!p{number}" for number in range(10)]
    await asyncio.gather(*(instance.update_config(maubot.settings(command_prefix=prefix)) for prefix in prefixes))
    await maubot.say("!p0 liste")
    report["last_of_many"] = await maubot.answers("!p9 liste", "!p9 abgleich", sender=ADMIN)
    report["seasons"].append((await maubot.traces()).seasons)

    # Saved while a command is under way, which the change waits for, and stopped while it waits.
    account = {"url": f"{maubot.calendars}/hangs/", "username": "svc", "password": "secret", "timeout": "1s"}
    await instance.update_config(maubot.settings(accounts={"city": account}))
    await maubot.say("!meet abgleich", ADMIN)
    await maubot.asked(2)  # once when it began, once by this command
    plugin = instance.plugin
    saving = asyncio.create_task(instance.update_config(maubot.settings(command_prefix="!late")))
    await asyncio.sleep(0)  # it has begun
    await maubot.stop(instance)
    await saving
    if plugin is None:
        raise AssertionError("it was running")
    await cast("Awaitable[None]", plugin.on_external_config_update())  # maubot may have held on to it
    report["left"] = (await maubot.traces()).beyond(before)
    return report


async def _whole_answer(maubot: Maubot, said: str) -> Mapping[str, Any]:
    count = len(await maubot.sent(0)) + 1
    await maubot.say(said, ADMIN)
    return (await maubot.sent(count))[-1]


async def reload(maubot: Maubot, in_place: bytes, uploaded: bytes, broken: bytes) -> Report:
    """Other builds: one in place of the file, the others uploaded."""
    instance = await maubot.instance("one", maubot.settings())
    other = await maubot.instance("other", maubot.settings(command_prefix="!plan"))
    before = await maubot.traces()
    await instance.start()
    await other.start()

    async def seen() -> Report:
        status = (await _whole_answer(maubot, "!meet zustand"))["io.calbot"]
        return {
            "version": status["version"],
            "answers": await maubot.answers("!meet liste", "!plan liste"),
            "modules": sorted(set(plugin_modules().values())),
            "file": Path(maubot.loader.source).name,
        }

    report: Report = {"first": await seen()}

    await asyncio.to_thread(Path(maubot.loader.source).write_bytes, in_place)
    await maubot.loader.stop_instances()
    await maubot.loader.reload()
    await maubot.loader.start_instances()
    report["in_place"] = await seen()

    response = await upload_replacement_plugin(maubot.loader, uploaded, Version("0.9.2"))
    report["uploaded"] = {"status": response.status, **await seen()}
    response = await upload_replacement_plugin(maubot.loader, uploaded, Version("0.9.2"))
    report["same_version"] = {"status": response.status, **await seen()}
    response = await upload_replacement_plugin(maubot.loader, broken, Version("0.9.3"))
    report["rolled_back"] = {"status": response.status, **await seen()}

    await maubot.loader.stop_instances()
    left = (await maubot.traces()).beyond(before)
    # maubot keeps the archive open that it has loaded; the one before is gone with the last who held it.
    left["files"] = [name for name in left.get("files", ()) if Path(name).suffix != ".mbp"]
    report["left"] = {kind: found for kind, found in left.items() if found}
    return report


SCENES: Mapping[str, Callable[..., Awaitable[Report]]] = {
    scene.__name__: scene for scene in (lifecycle, troubles, mended, hurry, configuration, reload)
}


async def play(scene: str, package: Path, homeserver: str, calendars: str, builds: Sequence[bytes]) -> Report:
    async with running(package, homeserver, calendars) as maubot:
        report = await asyncio.wait_for(SCENES[scene](maubot, *builds), 60)
        gc.collect()
        return {**report, "errors": maubot.log.errors, "unraisable": maubot.unraisable}


def main(scene: str, package: str, homeserver: str, calendars: str, *builds: str) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    read = [Path(build).read_bytes() for build in builds]
    json.dump(asyncio.run(play(scene, Path(package), homeserver, calendars, read)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
