"""What an event of the bot's contains: messages, edits, files, reactions, their relations and transaction ids.

Every message says whom it mentions, nobody included, since a client would else look for names in its text, and carries
its key, by which it is found again where the homeserver has forgotten its transaction id.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from calbot.core.model import Attachment, EventId, Message, UserId
from calbot.errors import Code, UserError

Content = dict[str, Any]

PART = "io.calbot"
_VERSION = 1

# An event may have 65,536 bytes. Encrypted, contents grow by a third (base64) and by what surrounds the ciphertext.
_MAX_BYTES = 46_000
# Ids go into a URL, and some servers store them in short columns.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


def transaction_id(key: str) -> str:
    """The same for the same key, different for different ones, safe in a URL, at most 71 characters."""
    if _PLAIN_KEY.fullmatch(key):
        return f"calbot-{key}"
    return f"calbot.{hashlib.sha256(key.encode()).hexdigest()}"


def message_content(message: Message, key: str) -> Content:
    return {
        "msgtype": "m.text" if message.notify else "m.notice",
        "body": message.text,
        "format": "org.matrix.custom.html",
        "formatted_body": message.html,
        "m.mentions": _mentions(message),
        PART: {"v": _VERSION, "key": key, "kind": message.kind.value, **message.data},
    }


def edit_content(message: Message, key: str, target: EventId, mentioned: frozenset[UserId]) -> Content:
    """A new version of the message `target`, which mentioned some people already: only the others are notified."""
    new = message_content(message, key)
    fallback = {
        "msgtype": new["msgtype"],
        "body": f"* {message.text}",
        "format": new["format"],
        "formatted_body": f"* {message.html}",
    }
    newly = [user for user in message.mentions if user not in mentioned]
    return {
        **fallback,
        "m.mentions": {"user_ids": newly} if newly else {},
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": target},
    }


def file_content(file: Attachment, location: Mapping[str, Any], key: str) -> Content:
    """A file that lies at `location`: ``url``, or ``file`` with the keys to an encrypted one."""
    return {
        "msgtype": "m.file",
        "body": file.filename,
        "filename": file.filename,
        "info": {"mimetype": file.mimetype, "size": len(file.data)},
        "m.mentions": {},
        PART: {"v": _VERSION, "key": key},
        **location,
    }


def reaction_content(target: EventId, emoji: str) -> Content:
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": emoji}}


def keyed(content: Mapping[str, Any], key: str) -> Content:
    """Any other content, with the key by which it is found again."""
    return {**content, PART: {"v": _VERSION, "key": key}}


def related(content: Content, thread: EventId | None, reply_to: EventId | None) -> Content:
    """The content as a reply, in a thread, or both. Clients that know no threads show what is in one as a reply."""
    if thread is not None:
        relation: Content = {
            "rel_type": "m.thread",
            "event_id": thread,
            "is_falling_back": reply_to is None,
            "m.in_reply_to": {"event_id": reply_to or thread},
        }
    elif reply_to is not None:
        relation = {"m.in_reply_to": {"event_id": reply_to}}
    else:
        return content
    return {**content, "m.relates_to": relation}


def key_of(content: Mapping[str, Any]) -> str | None:
    """The key that an event of the bot's was sent with."""
    new = content.get("m.new_content")
    part = (new if isinstance(new, Mapping) else content).get(PART)
    key = part.get("key") if isinstance(part, Mapping) else None
    return key if isinstance(key, str) else None


def mentioned_in(content: Mapping[str, Any]) -> frozenset[UserId]:
    """Whom a message mentions, in its latest form if this is an edit."""
    new = content.get("m.new_content")
    mentions = (new if isinstance(new, Mapping) else content).get("m.mentions")
    users = mentions.get("user_ids") if isinstance(mentions, Mapping) else None
    return (
        frozenset(UserId(user) for user in users if isinstance(user, str)) if isinstance(users, list) else frozenset()
    )


def require_size(content: Mapping[str, Any]) -> None:
    """UserError where the homeserver would refuse the event for its size."""
    # As mautrix writes it into the ciphertext: without blanks saved, letters beyond ASCII escaped.
    if len(json.dumps(content)) > _MAX_BYTES:
        raise UserError(Code.LIMIT, "message_too_large")


def _mentions(message: Message) -> Content:
    mentions: Content = {}
    if message.mentions:
        mentions["user_ids"] = list(message.mentions)
    if message.mention_room:
        mentions["room"] = True
    return mentions
