"""Figures in the text format of Prometheus.

They are gathered anew for each request, from values: there is no registry that would outlive an instance, or be shared
by several in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from calbot.core.commands import CommandId
from calbot.services.sight import Check, Sight
from calbot.services.tally import BOUNDS, FeedOutcome, Outcome, Tally
from calbot.services.world import World

_UNREADABLE = ("no_crypto", "no_key", "broken")
_NO_COMMAND = "none"


def exposition(world: World, sight: Sight) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(world, sight))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, world: World, sight: Sight) -> None:
        self._world = world
        self._sight = sight

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is shows when it is collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _of_the_bot(self._world, self._sight)
        yield from _of_accounts(self._world, self._sight)
        yield from _of_what_waits(self._world, self._sight)
        yield from _of_what_happened(self._world.tally)
        yield from _of_commands(self._world.tally)


def _of_the_bot(world: World, sight: Sight) -> Iterator[Metric]:
    yield _gauge("calbot_build_info", "The version that runs.", [((world.version,), 1)], "version")
    yield _gauge("calbot_start_time_seconds", "When the bot started.", [((), world.began.timestamp())])
    wrong = {finding.check for finding in sight.findings}
    checks = [((check.value,), float(check not in wrong)) for check in Check]
    yield _gauge("calbot_healthy", "1, or 0 where it makes the bot unhealthy.", checks, "check")
    yield _gauge("calbot_rooms", "Rooms with calendars.", [((), len(world.settings.rooms))])
    up = float(not world.outbox.is_away(sight.at) and Check.HOMESERVER not in wrong)
    yield _gauge("calbot_homeserver_up", "0 while the homeserver cannot be reached.", [((), up)])
    if sight.heard is not None:
        age = sight.heard.total_seconds()
        yield _gauge("calbot_intake_age_seconds", "Since the homeserver last answered the sync.", [((), age)])


def _of_accounts(world: World, sight: Sight) -> Iterator[Metric]:
    found = sight.accounts.items()
    calendars = [((name,), float(figures.calendars)) for name, figures in found]
    failing = [((name,), float(figures.failing)) for name, figures in found]
    lags = [((name,), _seconds(figures.lag)) for name, figures in found if figures.calendars]
    yield _gauge("calbot_calendars", "Calendars that rooms see.", calendars, "account")
    yield _gauge("calbot_calendars_failing", "Calendars whose last look failed.", failing, "account")
    yield _gauge(
        "calbot_sync_lag_seconds", "Since the calendar waiting longest was last read with success.", lags, "account"
    )
    errors = [((name,), float(world.tally.sync_errors[name])) for name in world.settings.accounts]
    yield _counter("calbot_sync_errors", "Looks at calendars that failed.", errors, "account")


def _of_what_waits(world: World, sight: Sight) -> Iterator[Metric]:
    stored = sight.stored
    if stored is None:  # a figure that nobody knows is none, also not 0
        return
    waiting = stored.waiting.items()
    ready = [((kind,), float(one.ready)) for kind, one in waiting]
    held = [((kind,), float(one.held)) for kind, one in waiting]
    since = min((one.since for _, one in waiting if one.since is not None), default=None)
    oldest = 0.0 if since is None else _seconds(sight.at - since)
    yield _gauge("calbot_outbox_messages", "What is due and waits for its turn.", ready, "kind")
    yield _gauge("calbot_outbox_held", "What is due and was put off.", held, "kind")
    yield _gauge(
        "calbot_outbox_oldest_seconds", "Since the first that waits for its turn could be sent.", [((), oldest)]
    )
    yield _gauge("calbot_polls_open", "Polls that are running.", [((), stored.open_polls)])
    yield _gauge("calbot_feeds", "Links to calendar feeds.", [((), stored.feeds)])


def _of_what_happened(tally: Tally) -> Iterator[Metric]:
    yield _counter("calbot_homeserver_outages", "How often the homeserver took no messages.", [((), tally.outages)])
    sent = [((str(late).lower(),), float(tally.reminders[late])) for late in (False, True)]
    yield _counter("calbot_reminders_sent", "Reminders sent, by whether they were late.", sent, "late")
    missed = [((), tally.missed_reminders)]
    yield _counter("calbot_reminders_missed", "Reminders dropped, as their meetings had ended.", missed)
    unreadable = [((reason,), float(tally.unreadable[reason])) for reason in _UNREADABLE]
    yield _counter("calbot_unreadable_events", "Events that could not be decrypted.", unreadable, "reason")
    yield _counter("calbot_questions", "Questions that the bot asked.", [((), tally.questions)])
    yield _counter("calbot_rate_limited", "Commands not taken, as too many came.", [((), tally.limited)])
    requests = [((outcome.value,), float(tally.feed_requests[outcome])) for outcome in FeedOutcome]
    yield _counter("calbot_feed_requests", "Requests for feeds.", requests, "outcome")
    builds = [((), tally.feed_builds)]
    yield _counter("calbot_feed_builds", "Feeds put together, as something had changed.", builds)


def _of_commands(tally: Tally) -> Iterator[Metric]:
    family = HistogramMetricFamily(
        "calbot_command_duration_seconds",
        "From a command's turn to its answer.",
        labels=["command", "outcome"],
    )
    for command, outcome, counts, total in _durations(tally):
        buckets, seen = [], 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
            seen += count
            buckets.append((bound, float(seen)))
        family.add_metric([command, outcome.value], buckets, sum_value=total)
    yield family


def _durations(tally: Tally) -> Iterator[tuple[str, Outcome, list[int], float]]:
    def name(command: CommandId | None) -> str:
        return _NO_COMMAND if command is None else command.value

    for (command, outcome), durations in sorted(
        tally.commands.items(), key=lambda item: (name(item[0][0]), item[0][1].value)
    ):
        yield name(command), outcome, durations.counts, durations.total


def _gauge(name: str, help: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, help, labels=labels)
    for labelled, value in values:
        family.add_metric(list(labelled), value)
    return family


def _counter(name: str, help: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = CounterMetricFamily(name, help, labels=labels)
    for labelled, value in values:
        family.add_metric(list(labelled), value)
    return family


def _seconds(time: timedelta) -> float:
    return max(0.0, time.total_seconds())
