"""Takes passwords out of a configuration that is kept, and puts them back from the one that is there now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SECRETS = frozenset(("password", "token"))
_LOST = {"file": "/dev/null/password-not-kept"}  # no such file, anywhere
_GREATEST = 1 << 63
_DEEPEST = 8  # levels of the configuration; YAML's aliases can make it endless


def without_secrets(raw: object) -> dict[str, Any]:
    """A plain copy, fit for JSON, in which passwords given as such are left out; references to them stay."""
    copy = _copy(raw, _DEEPEST)
    return copy if isinstance(copy, dict) else {}


def with_secrets_of(raw: object, kept: Mapping[str, Any]) -> dict[str, Any]:
    """`kept` with the passwords that `raw` has for the same accounts, and for the same mail server, and its token.

    An account counts as the same only where URL and user name are: a password never goes to another server. One that
    is left without stays in force all the same, and reports that its password is missing: what is stored of its
    calendars must not be forgotten for a slip of the pen.
    """
    restored = dict(kept)
    old, now = _map(kept.get("accounts")), _map(_map(raw).get("accounts"))
    restored["accounts"] = {name: _with_secret(_map(account), now.get(name)) for name, account in old.items()}
    if (email := _map(kept.get("email"))).get("username"):
        restored["email"] = _with_secret(email, _map(raw).get("email"))
    # The token goes nowhere: whoever shows it is let in.
    web, token = _map(kept.get("web")), _map(_map(raw).get("web")).get("token")
    if web and "token" not in web and isinstance(token, str):
        restored["web"] = {**web, "token": token}
    return restored


def _with_secret(account: Mapping[Any, Any], now: object) -> Mapping[Any, Any]:
    if "password" in account:
        return account
    password = _map(now).get("password") if _same(account, now) else None
    return {**account, "password": password if password and isinstance(password, str | Mapping) else _LOST}


def _same(account: object, other: object) -> bool:
    return all(_map(account).get(key) == _map(other).get(key) for key in ("url", "host", "port", "username"))


def _map(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _copy(value: object, depth: int) -> object:
    """What JSON can hold of it; the rest is in parts that are not read."""
    if isinstance(value, Mapping) and depth:
        return {
            str(key): _copy(item, depth - 1)
            for key, item in value.items()
            if isinstance(key, str) and (key not in _SECRETS or isinstance(item, Mapping))
        }
    if isinstance(value, list | tuple) and depth:
        return [_copy(item, depth - 1) for item in value]
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _GREATEST) else None
