"""Events of a room as a person's client sees them, and the contents it sends."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MESSAGE = "m.room.message"
REACTION = "m.reaction"
REDACTION = "m.room.redaction"
ENCRYPTED = "m.room.encrypted"
# Clients send the unstable names: the stable ones need extensible events, which no room version has.
POLL_START = "org.matrix.msc3381.poll.start"
POLL_RESPONSE = "org.matrix.msc3381.poll.response"
POLL_END = "org.matrix.msc3381.poll.end"
_TEXT = "org.matrix.msc1767.text"

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """One event, decrypted if it could be."""

    event_id: str
    room_id: str
    sender: str
    type: str
    content: Mapping[str, Any]
    at: datetime
    was_encrypted: bool
    state_key: str | None = None

    @property
    def readable(self) -> bool:
        return self.type != ENCRYPTED

    @property
    def shown(self) -> Mapping[str, Any]:
        """What a client shows: in an edit that is the new content."""
        new: Mapping[str, Any] = self.content.get("m.new_content", self.content)
        return new

    @property
    def body(self) -> str:
        return str(self.shown.get("body", ""))

    @property
    def html(self) -> str:
        return str(self.shown.get("formatted_body", ""))

    @property
    def part(self) -> Mapping[str, Any]:
        """The machine-readable part of a message of calbot, empty if there is none."""
        part: Mapping[str, Any] = self.shown.get("io.calbot", {})
        return part

    @property
    def kind(self) -> str:
        return str(self.part.get("kind", ""))

    @property
    def mentions(self) -> frozenset[str]:
        return frozenset(self.content.get("m.mentions", {}).get("user_ids", ()))

    @property
    def relation(self) -> Mapping[str, Any]:
        relation: Mapping[str, Any] = self.content.get("m.relates_to", {})
        return relation

    @property
    def replaces(self) -> str | None:
        return self.relation.get("event_id") if self.relation.get("rel_type") == "m.replace" else None

    @property
    def thread(self) -> str | None:
        return self.relation.get("event_id") if self.relation.get("rel_type") == "m.thread" else None

    @property
    def replies_to(self) -> str | None:
        if self.relation.get("is_falling_back"):
            return None
        target: str | None = self.relation.get("m.in_reply_to", {}).get("event_id")
        return target


def read_event(room_id: str, source: Mapping[str, Any], *, was_encrypted: bool) -> RoomEvent:
    return RoomEvent(
        event_id=source["event_id"],
        room_id=room_id,
        sender=source["sender"],
        type=source["type"],
        content=source.get("content") or {},
        at=datetime.fromtimestamp(source["origin_server_ts"] / 1000, tz=timezone.utc),
        was_encrypted=was_encrypted,
        state_key=source.get("state_key"),
    )


@dataclass(frozen=True, slots=True)
class Pill:
    """A user as Element writes them into a message: the name in the body, a link in the formatted body."""

    mxid: str
    display_name: str

    @property
    def html(self) -> str:
        return f'<a href="https://matrix.to/#/{quote(self.mxid, safe="@:")}">{html.escape(self.display_name)}</a>'


def text_content(parts: Sequence[str | Pill]) -> Content:
    """A text message from words and pills, with `m.mentions` for the pills."""
    pills = [part for part in parts if isinstance(part, Pill)]
    words = [part.display_name if isinstance(part, Pill) else part for part in parts]
    content: Content = {"msgtype": "m.text", "body": " ".join(words), "m.mentions": {}}
    if pills:
        rich = [part.html if isinstance(part, Pill) else html.escape(part).replace("\n", "<br>") for part in parts]
        content["format"] = "org.matrix.custom.html"
        content["formatted_body"] = " ".join(rich)
        content["m.mentions"] = {"user_ids": [pill.mxid for pill in pills]}
    return content


def as_reply(content: Content, event_id: str) -> Content:
    return {**content, "m.relates_to": {"m.in_reply_to": {"event_id": event_id}}}


def in_thread(content: Content, root: str, *, reply_to: str | None = None) -> Content:
    """In a thread; without `reply_to` with the fallback that older clients show as a reply."""
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": reply_to is None,
        "m.in_reply_to": {"event_id": reply_to or root},
    }
    return {**content, "m.relates_to": relation}


def as_edit(content: Content, event_id: str) -> Content:
    return {
        **content,
        "body": f"* {content['body']}",
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }


def reaction_content(event_id: str, key: str) -> Content:
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}


def poll_content(question: str, answers: Sequence[str], *, max_selections: int) -> Content:
    """A disclosed poll as Element Web makes it."""
    lines = [question, *(f"{number}. {answer}" for number, answer in enumerate(answers, 1))]
    return {
        _TEXT: "\n".join(lines),
        POLL_START: {
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": max_selections,
            "question": {_TEXT: question, "body": question, "msgtype": "m.text"},
            "answers": [{"id": f"answer-{number}", _TEXT: text} for number, text in enumerate(answers, 1)],
        },
    }


def poll_question(poll: RoomEvent) -> str:
    return str(poll.content[POLL_START]["question"][_TEXT])


def poll_answers(poll: RoomEvent) -> list[tuple[str, str]]:
    """Id and text of each answer."""
    return [(answer["id"], answer[_TEXT]) for answer in poll.content[POLL_START]["answers"]]


def vote_content(poll_id: str, answer_ids: Sequence[str]) -> Content:
    return {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll_id},
        POLL_RESPONSE: {"answers": list(answer_ids)},
    }


def poll_end_content(poll_id: str, text: str) -> Content:
    return {"m.relates_to": {"rel_type": "m.reference", "event_id": poll_id}, POLL_END: {}, _TEXT: text}
