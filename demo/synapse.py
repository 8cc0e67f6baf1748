"""Synapse, the reference homeserver, with SQLite on loopback: no federation, no statistics, no limits on rates."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from .process import LOOPBACK, ServerProcess, answers

if TYPE_CHECKING:
    from pathlib import Path

_NO_LIMIT = {"per_second": 10_000, "burst_count": 10_000}


def synapse(directory: Path, port: int, *, server_name: str, registration_secret: str) -> ServerProcess:
    """The server for this data directory, which is set up if it is new."""
    directory.mkdir(parents=True, exist_ok=True)
    key = directory / "signing.key"
    if not key.exists():
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        key.write_text(f"ed25519 a_{secrets.token_hex(2)} {seed}\n")
        key.chmod(0o600)
    config = directory / "homeserver.yaml"
    settings = _settings(directory, port, server_name=server_name, registration_secret=registration_secret)
    # JSON is YAML, and needs no quoting rules of our own.
    config.write_text(json.dumps(settings, indent=2))
    config.chmod(0o600)
    (directory / "log.yaml").write_text(json.dumps(_LOGGING, indent=2))
    url = f"http://{LOOPBACK}:{port}/_matrix/client/versions"
    argv = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(config)]
    return ServerProcess("synapse", argv, directory, port, partial(answers, url))


def _settings(directory: Path, port: int, *, server_name: str, registration_secret: str) -> dict[str, Any]:
    return {
        "server_name": server_name,
        "public_baseurl": f"http://{LOOPBACK}:{port}/",
        "signing_key_path": str(directory / "signing.key"),
        "pid_file": str(directory / "synapse.pid"),
        "log_config": str(directory / "log.yaml"),
        "listeners": [
            {
                "port": port,
                "bind_addresses": [LOOPBACK],
                "type": "http",
                "tls": False,
                "resources": [{"names": ["client"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "homeserver.db")}},
        "media_store_path": str(directory / "media"),
        "registration_shared_secret": registration_secret,
        "macaroon_secret_key": registration_secret,
        "form_secret": registration_secret,
        "enable_registration": False,
        # Nothing leaves this machine.
        "report_stats": False,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "allow_public_rooms_over_federation": False,
        "url_preview_enabled": False,
        "presence": {"enabled": False},
        # Passwords here are random and local; the hash is not what protects them.
        "bcrypt_rounds": 4,
        # Clients here ask for long timelines instead of filling gaps.
        "filter_timeline_limit": 5000,
        "rc_message": _NO_LIMIT,
        "rc_registration": _NO_LIMIT,
        "rc_admin_redaction": _NO_LIMIT,
        "rc_login": {"address": _NO_LIMIT, "account": _NO_LIMIT, "failed_attempts": _NO_LIMIT},
        "rc_joins": {"local": _NO_LIMIT, "remote": _NO_LIMIT},
        "rc_joins_per_room": _NO_LIMIT,
        "rc_invites": {"per_room": _NO_LIMIT, "per_user": _NO_LIMIT, "per_issuer": _NO_LIMIT},
        "rc_media_create": _NO_LIMIT,
        "rc_delayed_event_mgmt": _NO_LIMIT,
        "rc_presence": {"per_user": _NO_LIMIT},
        "rc_room_creation": _NO_LIMIT,
    }


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
    "root": {"level": "WARNING", "handlers": ["out"]},
}
