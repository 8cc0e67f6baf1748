"""The detector of leaks detects; and what libraries and exceptions would say is kept out of the logs."""

from __future__ import annotations

import logging
from pathlib import Path

import aiosqlite
import pytest

from calbot import faults
from calbot.quiet_loggers import keep_from_tracing, keep_quiet

from .conftest import DETECTOR
from .planted import NAME, PASSWORD, PLANTED, SECRET, found_in, found_in_logs


@pytest.mark.parametrize("word", PLANTED)
@pytest.mark.parametrize("name", ["calbot.test", "mau.client", "aiohttp.access", "niquests"])
def test_a_planted_word_is_found_at_every_level(word: str, name: str) -> None:
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logger = logging.getLogger(f"{name}.planted")
        logger.log(level, "about %s", f"x{word}x")
        (leak,) = DETECTOR.take()
        assert leak.startswith(f"{name}.planted {logging.getLevelName(level)}: ")


def test_a_planted_word_is_found_in_a_traceback() -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("calbot.test").exception("failed")
    assert DETECTOR.take()


def test_the_whole_run_is_read() -> None:
    before = DETECTOR.read
    logging.getLogger("calbot.test").debug("something")
    assert DETECTOR.read == before + 1
    assert DETECTOR in logging.getLogger().handlers
    assert logging.getLogger().isEnabledFor(logging.DEBUG)


def test_log_files_of_servers_are_read(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "maubot.log").write_text(f"fine\n[DEBUG] {NAME}\n")
    (tmp_path / "other.log").write_text(SECRET)
    (found,) = found_in_logs(tmp_path)
    (tmp_path / "one" / "maubot.log").unlink()
    assert found.endswith(f"[DEBUG] {NAME}")
    assert found_in("fine") == []


async def test_the_database_library_would_say_it_and_is_kept_from_it(tmp_path: Path) -> None:
    logger = logging.getLogger("aiosqlite")
    logger.setLevel(logging.DEBUG)
    async with aiosqlite.connect(tmp_path / "a.db") as database:
        await database.execute("SELECT ?", (SECRET,))
        assert DETECTOR.take()  # it would
        keep_quiet()
        await database.execute("SELECT ?", (SECRET,))
    assert DETECTOR.take() == []
    assert logger.isEnabledFor(logging.WARNING)


def test_whoever_wants_less_gets_less() -> None:
    talkative, silent, tracing = (logging.getLogger(f"calbot.test.{name}") for name in ("talks", "silent", "traces"))
    talkative.setLevel(logging.DEBUG)
    silent.setLevel(logging.ERROR)
    tracing.setLevel(5)
    keep_quiet(talkative, silent)
    keep_from_tracing(tracing)
    assert [logger.level for logger in (talkative, silent, tracing)] == [logging.INFO, logging.ERROR, logging.DEBUG]


def test_a_fault_is_told_without_what_it_says() -> None:
    def inner() -> None:
        int(SECRET)

    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise RuntimeError(PASSWORD) from error

    with pytest.raises(RuntimeError) as caught:
        outer()
    told = faults.of(caught.value)
    assert found_in(told) == []
    assert "builtins.RuntimeError\nwhile handling\n" in told
    assert told.endswith("builtins.ValueError")
    assert "in inner" in told
