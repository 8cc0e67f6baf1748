"""Files of others: what their events may claim, and what comes of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, cast

import pytest
from mautrix.crypto.attachments import encrypt_attachment

from calbot.errors import ChatForbidden, ChatUnavailable, UserError
from calbot.matrix.files import fetch_file
from calbot.matrix.server import Server

DATA = b"BEGIN:VCALENDAR"
URL = "mxc://example.org/abc"


class Media:
    """A homeserver that has one file."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        self.data = data
        self.error = error
        self.paths: list[str] = []

    async def download(self, path: str, limit: int) -> bytes:
        self.paths.append(path)
        if self.error is not None:
            raise self.error
        return self.data


async def fetch(media: Media, content: Mapping[str, Any], limit: int = 1000) -> bytes:
    return await fetch_file(cast("Server", media), content, limit)


def encrypted() -> tuple[bytes, dict[str, Any]]:
    data, keys = encrypt_attachment(DATA)
    return data, {**keys.serialize(), "url": URL}


async def test_authenticated_media_is_asked_for() -> None:
    media = Media(DATA)
    assert await fetch(media, {"url": URL}) == DATA
    assert media.paths == ["/_matrix/client/v1/media/download/example.org/abc"]


async def test_an_encrypted_file_is_decrypted() -> None:
    data, keys = encrypted()
    assert await fetch(Media(data), {"file": keys}) == DATA


async def test_what_was_changed_on_the_way_is_refused() -> None:
    data, keys = encrypted()
    with pytest.raises(UserError) as refused:
        await fetch(Media(bytes([data[0] ^ 1]) + data[1:]), {"file": keys})
    assert refused.value.reason == "file_broken"


@pytest.mark.parametrize(
    "damage",
    [
        {"hashes": {}},
        {"hashes": None},
        {"hashes": {"sha256": 7}},
        {"hashes": {"sha256": "x"}},
        {"key": "k"},
        {"key": {}},
        {"key": {"k": base64.b64encode(b"short").decode()}},
        {"iv": ""},
        {"iv": 1},
        {"iv": "é"},
    ],
)
async def test_keys_that_are_none_are_an_error_in_words(damage: Mapping[str, Any]) -> None:
    data, keys = encrypted()
    with pytest.raises(UserError) as refused:
        await fetch(Media(data), {"file": {**keys, **damage}})
    assert refused.value.reason == "file_broken"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"url": None},
        {"url": 7},
        {"url": "https://example.org/x"},
        {"url": "mxc://example.org"},
        {"url": "mxc://example.org/a/b"},
        {"url": "mxc://../secret"},
        {"url": "mxc://example.org/.."},
        {"url": "mxc://example.org/a?x=1"},
        {"url": "mxc://example.org/a%2fb"},
        {"file": {}, "url": URL},
    ],
)
async def test_an_address_that_is_none_is_asked_for_nowhere(content: Mapping[str, Any]) -> None:
    media = Media(DATA)
    with pytest.raises(UserError) as refused:
        await fetch(media, content)
    assert (refused.value.reason, media.paths) == ("file_gone", [])


async def test_what_says_it_is_too_big_is_not_fetched() -> None:
    media = Media(DATA)
    with pytest.raises(UserError) as refused:
        await fetch(media, {"url": URL, "info": {"size": 1001}})
    assert (refused.value.reason, media.paths) == ("file_too_big", [])
    assert await fetch(media, {"url": URL, "info": {"size": "many"}}) == DATA


async def test_what_is_gone_is_said_and_an_outage_is_one() -> None:
    with pytest.raises(UserError) as refused:
        await fetch(Media(b"", ChatForbidden()), {"url": URL})
    assert refused.value.reason == "file_gone"
    with pytest.raises(ChatUnavailable):
        await fetch(Media(b"", ChatUnavailable()), {"url": URL})
