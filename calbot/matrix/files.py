"""Stores files on the homeserver, encrypted where the room is, and fetches those of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from mautrix.errors import DecryptionError
from mautrix.types import EncryptedFile

from calbot.core.model import Attachment
from calbot.errors import ChatForbidden, Code, NotEncrypted, UserError

from .server import Server, client_path

try:
    from mautrix.crypto.attachments import decrypt_attachment as _decrypt_attachment
    from mautrix.crypto.attachments import encrypt_attachment as _encrypt_attachment
except ImportError:  # without libolm there is no crypto machine either
    _encrypt: Callable[[bytes], tuple[bytes, EncryptedFile]] | None = None
    _decrypt: Callable[[bytes, str, str, str], bytes] | None = None
else:
    _encrypt = _encrypt_attachment
    _decrypt = _decrypt_attachment

# Neither part may be one that a path has a meaning of its own for.
_ADDRESS: Final = re.compile(r"mxc://(?P<server>[\w\[][\w.:\[\]-]{0,254})/(?P<media>[\w=-][\w=.~-]{0,254})", re.ASCII)


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


async def fetch_file(server: Server, content: Mapping[str, Any], limit: int) -> bytes:
    """What the event with this content carries. Its claims are somebody's: the size is checked as the bytes come."""
    info = content.get("info")
    claimed = info.get("size") if isinstance(info, Mapping) else None
    if isinstance(claimed, int) and claimed > limit:
        raise UserError(Code.LIMIT, "file_too_big", size=limit // 1024)
    keys = content.get("file")
    address = keys.get("url") if isinstance(keys, Mapping) else content.get("url")
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        raise UserError(Code.NOT_FOUND, "file_gone")
    path = client_path("media", "download", found["server"], found["media"], version="v1")
    try:
        data = await server.download(path, limit)
    except ChatForbidden as error:
        raise UserError(Code.NOT_FOUND, "file_gone") from error
    return _decrypted(data, keys) if isinstance(keys, Mapping) else data


def _decrypted(data: bytes, keys: Mapping[str, Any]) -> bytes:
    """The contents, if they are what the sender encrypted: the hash is checked before anything else (MSC1420)."""
    if _decrypt is None:
        raise NotEncrypted("no_encryption")
    try:
        key, digest, vector = keys["key"]["k"], keys["hashes"]["sha256"], keys["iv"]
        return bytes(_decrypt(data, key, digest, vector))
    except (DecryptionError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(Code.BAD_CALENDAR_DATA, "file_broken") from error
