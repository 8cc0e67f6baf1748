"""A poll as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from calbot.core.model import CalendarName, EventId, RoomId, Uid, UserId
from calbot.core.poll_model import Cause, Decision, End, Option, Poll, PollOptions, PollState, Quorum

from .encoding import decode_when, encode_when, optional_from_ms, optional_to_ms, to_json


def _encode_option(option: Option) -> dict[str, Any]:
    return {
        "id": option.id,
        "label": option.label,
        "when": encode_when(option.when) if option.when else None,
        "free": option.free,
    }


def _decode_option(value: Mapping[str, Any]) -> Option:
    return Option(
        id=value["id"],
        label=value["label"],
        when=decode_when(*value["when"]) if value["when"] else None,
        free=(value["free"][0], value["free"][1]) if value["free"] else None,
    )


def _encode_behaviour(behaviour: PollOptions) -> dict[str, Any]:
    quorum = behaviour.quorum
    return {
        "single": behaviour.single,
        "hidden": behaviour.hidden,
        "auto": behaviour.auto,
        "confirm": behaviour.confirm,
        "holds": behaviour.holds,
        "quorum": {"people": quorum.people, "percent": quorum.percent} if quorum else None,
    }


def _decode_behaviour(value: Mapping[str, Any]) -> PollOptions:
    quorum = value["quorum"]
    return PollOptions(
        single=value["single"],
        hidden=value["hidden"],
        auto=value["auto"],
        confirm=value["confirm"],
        holds=value["holds"],
        quorum=Quorum(quorum["people"], quorum["percent"]) if quorum else None,
    )


def encode_poll(poll: Poll) -> str:
    return to_json(
        {
            "key": poll.key,
            "room": poll.room,
            "asker": poll.asker,
            "by_bot": poll.by_bot,
            "creator": poll.creator,
            "created_at": poll.created_at,
            "title": poll.title,
            "options": [_encode_option(option) for option in poll.options],
            "max_selections": poll.max_selections,
            "behaviour": _encode_behaviour(poll.behaviour),
            "asked": poll.asked,
            "required": poll.required,
            "optional": poll.optional,
            "calendar": poll.calendar,
            "until": optional_to_ms(poll.until),
            "state": poll.state.value,
            "location": poll.location,
            "description": poll.description,
            "resource": poll.resource,
            "thread": poll.thread,
            "origin": poll.origin,
            "attached_by": poll.attached_by,
            "start_event": poll.start_event,
            "text_event": poll.text_event,
            "cause": poll.cause.value if poll.cause else None,
            "ended": [poll.ended.event_id, poll.ended.sender, poll.ended.at] if poll.ended else None,
            "chosen": poll.chosen,
            "uid": poll.uid,
            "generation": poll.generation,
            "revision": poll.revision,
            "result_event": poll.result_event,
            "decision": _encode_decision(poll.decision),
            "booked": poll.booked,
            "held": poll.held,
            "released": poll.released,
            "holds_error": poll.holds_error,
            "nudge_at": optional_to_ms(poll.nudge_at),
            "nudged": poll.nudged,
        }
    )


def _event_id(value: str | None) -> EventId | None:
    return None if value is None else EventId(value)


def _encode_decision(decision: Decision | None) -> list[Any] | None:
    return None if decision is None else [decision.event_id, decision.sender, decision.at, decision.undoes]


def _decode_decision(value: Sequence[Any] | None) -> Decision | None:
    return None if value is None else Decision(EventId(value[0]), UserId(value[1]), value[2], value[3])


def decode_poll(text: str) -> Poll:
    value = json.loads(text)
    return Poll(
        key=value["key"],
        room=RoomId(value["room"]),
        asker=UserId(value["asker"]),
        by_bot=value["by_bot"],
        creator=UserId(value["creator"]),
        created_at=value["created_at"],
        title=value["title"],
        options=tuple(_decode_option(option) for option in value["options"]),
        max_selections=value["max_selections"],
        behaviour=_decode_behaviour(value["behaviour"]),
        asked=tuple(UserId(user) for user in value["asked"]),
        required=tuple(UserId(user) for user in value["required"]),
        optional=tuple(UserId(user) for user in value["optional"]),
        calendar=CalendarName(value["calendar"]),
        until=optional_from_ms(value["until"]),
        state=PollState(value["state"]),
        location=value["location"],
        description=value["description"],
        resource=value["resource"],
        thread=_event_id(value["thread"]),
        origin=_event_id(value["origin"]),
        attached_by=None if value["attached_by"] is None else UserId(value["attached_by"]),
        start_event=_event_id(value["start_event"]),
        text_event=_event_id(value["text_event"]),
        cause=Cause(value["cause"]) if value["cause"] else None,
        ended=End(_event_id(value["ended"][0]), UserId(value["ended"][1]), value["ended"][2])
        if value["ended"]
        else None,
        chosen=value["chosen"],
        uid=Uid(value["uid"]) if value["uid"] is not None else None,
        generation=value["generation"],
        revision=value["revision"],
        result_event=_event_id(value["result_event"]),
        decision=_decode_decision(value["decision"]),
        booked=value["booked"],
        held=value["held"],
        released=value["released"],
        holds_error=value["holds_error"],
        nudge_at=optional_from_ms(value["nudge_at"]),
        nudged=value["nudged"],
    )
