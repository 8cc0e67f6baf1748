"""Whether a device is cross-signed by its owner, decided as a client does that excludes insecure devices (MSC4153)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signedjson.key import decode_verify_key_bytes
from signedjson.sign import SignatureVerifyException, verify_signed_json
from unpaddedbase64 import decode_base64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .accounts import Homeserver, Login


async def is_cross_signed(homeserver: Homeserver, asker: Login, mxid: str, device_id: str) -> bool:
    """Asks for the keys as any other user would, and trusts signatures only."""
    keys = await homeserver.request(
        "POST", "/_matrix/client/v3/keys/query", token=asker.access_token, json={"device_keys": {mxid: []}}
    )
    master = keys["master_keys"].get(mxid)
    self_signing = keys["self_signing_keys"].get(mxid)
    device = keys["device_keys"].get(mxid, {}).get(device_id)
    if not (master and self_signing and device):
        return False
    return _signed_by(self_signing, mxid, _public_key(master)) and _signed_by(device, mxid, _public_key(self_signing))


def _public_key(cross_signing_key: Mapping[str, Any]) -> str:
    (key,) = cross_signing_key["keys"].values()
    return str(key)


def _signed_by(signed: dict[str, Any], mxid: str, public_key: str) -> bool:
    key = decode_verify_key_bytes(f"ed25519:{public_key}", decode_base64(public_key))
    try:
        verify_signed_json(signed, mxid, key)
    except SignatureVerifyException:
        return False
    return True
