"""Stores files on the homeserver, encrypted where the room is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mautrix.types import EncryptedFile

from calbot.core.model import Attachment
from calbot.errors import NotEncrypted

from .server import Server

try:
    from mautrix.crypto.attachments import encrypt_attachment as _encrypt_attachment
except ImportError:  # without libolm there is no crypto machine either
    _encrypt: Callable[[bytes], tuple[bytes, EncryptedFile]] | None = None
else:
    _encrypt = _encrypt_attachment


async def store_file(server: Server, file: Attachment, *, encrypted: bool) -> Mapping[str, Any]:
    """Where the file lies, as the content of an event says it: ``url``, or ``file`` with the keys."""
    if not encrypted:
        return {"url": await server.upload(file.data, file.mimetype, file.filename)}
    if _encrypt is None:
        raise NotEncrypted("no_encryption")
    data, keys = _encrypt(file.data)
    # Neither type nor name may tell what is in it.
    url = await server.upload(data, "application/octet-stream", None)
    return {"file": {**keys.serialize(), "url": url}}
