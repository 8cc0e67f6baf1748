"""Digest authentication (RFC 7616): what a server asks for, and what is answered."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_Hash = Callable[[bytes], str]


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # what older servers ask for


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha512_256(data: bytes) -> str:
    return hashlib.new("sha512_256", data).hexdigest()


# The best first.
_HASHES: Final[Mapping[str, _Hash]] = {"SHA-512-256": _sha512_256, "SHA-256": _sha256, "MD5": _md5}
_SESSION = "-SESS"
_SCHEME = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)(?:\s+(?=[^\s=])|\s*(?=,|$))")
_PARAMETER = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]*))\s*")


@dataclass(frozen=True, slots=True)
class Challenge:
    realm: str
    nonce: str
    algorithm: str  # as the server spells it
    qop: bool  # "auth" rather than the form of RFC 2069
    opaque: str | None = None
    stale: bool = False


def best_challenge(headers: Iterable[str]) -> Challenge | None:
    """The strongest Digest challenge in the WWW-Authenticate headers that can be answered; None if there is none."""
    found = [
        challenge
        for header in headers
        for scheme, parameters in _challenges(header)
        if scheme.lower() == "digest" and (challenge := _read(parameters)) is not None
    ]
    order = list(_HASHES)
    return min(found, key=lambda one: order.index(_plain(one.algorithm)), default=None)


def authorization(
    challenge: Challenge,
    *,
    username: str,
    password: str,
    method: str,
    target: str,
    count: int,
    cnonce: str | None = None,
) -> str:
    """The Authorization header for one request. `target` as it goes over the wire; `count` of uses of this nonce."""
    hashed = _HASHES[_plain(challenge.algorithm)]
    cnonce = cnonce or secrets.token_hex(16)
    secret = hashed(f"{username}:{challenge.realm}:{password}".encode())
    if challenge.algorithm.upper().endswith(_SESSION):
        secret = hashed(f"{secret}:{challenge.nonce}:{cnonce}".encode())
    request = hashed(f"{method}:{target}".encode())
    middle = f"{challenge.nonce}:{count:08x}:{cnonce}:auth" if challenge.qop else challenge.nonce
    response = hashed(f"{secret}:{middle}:{request}".encode())
    parts = [
        f"username={_quoted(username)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(target)}",
        f"algorithm={challenge.algorithm}",
        f'response="{response}"',
    ]
    if challenge.opaque is not None:
        parts.append(f"opaque={_quoted(challenge.opaque)}")
    if challenge.qop:
        parts += ["qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
    return f"Digest {', '.join(parts)}"


def _challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    """The challenges of one header, which may hold several (RFC 9110, 11.6.1)."""
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while at < len(header):
        if parameter := _PARAMETER.match(header, at):
            if not found:
                return []
            name, quoted, plain = parameter.groups()
            found[-1][1].setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append((scheme[1], {}))
            at = scheme.end()
        else:
            # A token such as that of Negotiate: nothing for us, up to the next comma.
            at = (header.find(",", at) + 1) or len(header)
            continue
        if header[at : at + 1] == ",":
            at += 1
    return found


def _read(parameters: Mapping[str, str]) -> Challenge | None:
    algorithm = parameters.get("algorithm") or "MD5"
    offered = {one.strip().lower() for one in parameters.get("qop", "").split(",") if one.strip()}
    if _plain(algorithm) not in _HASHES or not parameters.get("nonce") or (offered and "auth" not in offered):
        return None
    return Challenge(
        realm=parameters.get("realm", ""),
        nonce=parameters["nonce"],
        algorithm=algorithm,
        qop=bool(offered),
        opaque=parameters.get("opaque"),
        stale=parameters.get("stale", "").lower() == "true",
    )


def _plain(algorithm: str) -> str:
    return algorithm.upper().removesuffix(_SESSION)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
