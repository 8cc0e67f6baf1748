"""Keeps mautrix's knowledge of keys right where it does not do so itself."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from typing import TYPE_CHECKING, Any

from mautrix.client import Client
from mautrix.errors import MatrixError
from mautrix.types import DeviceLists, RoomID, SerializerError, TrustState

from calbot.core.model import RoomId
from calbot.typed_maubot import to_device_event

from .reading import ENCRYPTED
from .server import MAUTRIX_REQUEST_ERRORS, refusal_of

if TYPE_CHECKING:  # needs libolm, without which everything but encryption works
    from mautrix.crypto import OlmMachine


class Keys:
    def __init__(self, client: Client, log: Logger) -> None:
        self._client = client
        self._log = log

    async def take(self, response: Mapping[str, Any]) -> None:
        """Take room keys out of a /sync response, one after the other, before anything that they open is read.

        mautrix would do this in parallel and afterwards. Of several messages of a new Olm session only the first sets
        the session up; the others, handled at the same time, find none and their keys are lost. And a process that ends
        in between has told the server already, by the token of its next request, that it has them.
        """
        crypto = self._client.crypto
        waiting = response.get("to_device", {}).get("events", [])
        if crypto is None:
            return
        encrypted = [raw for raw in waiting if raw.get("type") == ENCRYPTED]
        # At once, before the first await: another instance on the same client must not take them a second time.
        waiting[:] = [raw for raw in waiting if raw.get("type") != ENCRYPTED]
        for raw in encrypted:
            await self._take_one(crypto, raw)

    async def forget_members(self, room: RoomId) -> None:
        """Ask for the members again, and use a new key for what is sent next, after a gap in the timeline.

        mautrix shares keys by a list of members that it keeps up to date from the timeline, so that it misses who came
        and went meanwhile.
        """
        crypto, store = self._client.crypto, self._client.state_store
        if crypto is None or store is None or not await store.is_encrypted(RoomID(room)):
            return
        try:
            await self._client.get_joined_members(RoomID(room))
        except MAUTRIX_REQUEST_ERRORS as error:
            raise refusal_of(error) from error
        await crypto.crypto_store.remove_outbound_group_session(RoomID(room))

    async def _take_one(self, crypto: OlmMachine, raw: Mapping[str, Any]) -> None:
        try:
            await crypto.handle_to_device_event(to_device_event(raw))
        except (MatrixError, SerializerError, TypeError, ValueError, KeyError, AttributeError) as error:
            # Anybody may send anything to a device, and what is given twice, after a crash, is readable once only.
            self._log.debug("A message to this device from %s cannot be read: %s", raw.get("sender"), error)


def give_keys_to(client: Client, *, cross_signed_only: bool) -> None:
    """Whose devices get the keys of what the bot sends: all of the room's, or those that their owners have signed."""
    if client.crypto is not None:
        client.crypto.send_keys_min_trust = (
            TrustState.CROSS_SIGNED_UNTRUSTED if cross_signed_only else TrustState.UNVERIFIED
        )


async def ask_for_own_keys(crypto: OlmMachine) -> None:
    """Have mautrix ask the server for the bot's own keys and the signatures on them.

    Of keys that it has published itself it stores no signatures, and by itself it asks only when the sync says that
    they have changed: a device signed while no sync ran would count as not signed for good.
    """
    user, store = crypto.client.mxid, crypto.crypto_store
    await store.put_devices(user, await store.get_devices(user) or {})  # or it is not one of those that are asked for
    await crypto.handle_device_lists(DeviceLists(changed=[user]))
