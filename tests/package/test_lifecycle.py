"""The package in a maubot: two instances of it, and what a stopped one leaves behind."""

from __future__ import annotations

from tests.postgres import Postgres

from .builds import VERSION
from .conftest import Play

GERMAN, ENGLISH = "Keine Termine", "No events"


async def test_two_instances_run_and_leave_nothing_behind(play: Play, chosen_postgres: Postgres | None) -> None:
    report = await play("lifecycle")
    assert len(report["rounds"]) == 2  # what was stopped can be started again
    for said in report["rounds"]:
        german, english = said["both"]
        assert german.startswith(GERMAN)
        assert english.startswith(ENGLISH)
        assert said["synced"] == ["Neu eingelesen: it-team", "Read again: it-team"]
        # Stopping the first leaves the sync that it ran for both to the second.
        (alone,) = said["one"]
        assert alone.startswith(ENGLISH)
        # What can be left behind was there, and was seen: handlers, tasks, connections, databases with their threads.
        assert {"handlers", "tasks", "files", "alarm_clocks", "sessions"} <= said["running"].keys()
        assert ("threads" in said["running"]) == (chosen_postgres is None)  # SQLite's
        assert said["running"]["files"].count("socket") >= 2
        assert said["left"] == {}
    assert report["all_said"] == 10  # each answered to its own prefix only
    # The working tree is within reach of that process, too.
    modules = report["modules"]
    assert len(modules) > 100
    assert {name: file for name, file in modules.items() if f"/io.calbot-v{VERSION}.mbp/calbot/" not in file} == {}
    assert report["errors"] == []
    assert report["unraisable"] == []


async def test_nothing_wrong_at_start_disables_an_instance(play: Play, chosen_postgres: Postgres | None) -> None:
    """maubot disables an instance for good whose start raises."""
    report = dict(await play("troubles"))
    assert report.pop("unraisable") == []
    errors = report.pop("errors")
    assert len(report) == 10
    for trouble, seen in report.items():
        assert (trouble, seen["started"], seen["enabled"], seen["left"]) == (trouble, True, True, {})
    # Only what no admin can mend in the configuration is an error with its traceback.
    assert errors == report["broken_database"]["errors"]
    (error,) = errors
    assert "calbot could not start" in error
    assert ("no such table" if chosen_postgres is None else "does not exist") in error


async def test_it_starts_when_the_database_works_again(play: Play) -> None:
    report = await play("mended")
    (answer,) = report["answer"]
    assert answer.startswith(GERMAN)
    assert report["left"] == {}
    assert report["unraisable"] == []


async def test_a_stop_right_after_a_start_or_a_save_leaves_nothing_behind(play: Play) -> None:
    """A save that maubot stops in its midst had begun a new set of alarms and connections, which nobody ended."""
    report = await play("hurry")
    assert len(report["left"]) == 18
    assert {moment: left for moment, left in report["left"].items() if left} == {}
    assert report["errors"] == []
    assert report["unraisable"] == []


async def test_a_save_takes_effect_or_changes_nothing(play: Play) -> None:
    report = await play("configuration")
    for configuration in ("first", "mistakes", "no_yaml", "no_map"):
        (answer,) = report[configuration]
        assert answer.startswith(GERMAN), configuration
    assert [problem["path"] for problem in report["status"]["problems"]] == ["configuration"]
    (answer,) = report["changed"]
    assert answer.startswith(ENGLISH)
    agenda, synced = report["last_of_many"]
    assert agenda.startswith(GERMAN)
    assert synced == "Neu eingelesen: it-team"
    # However often it is saved, there is one set of alarms and connections: at first, after one save, after many.
    assert report["seasons"] == [[1, 1]] * 3
    assert report["left"] == {}
    assert report["errors"] == []
    assert report["unraisable"] == []
