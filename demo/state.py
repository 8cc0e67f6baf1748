"""What a data directory has to remember between runs: ports, secrets, accounts and their devices, rooms."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from .accounts import Login
from .process import StartError, free_port

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ports:
    """Of the three servers; 0 for any."""

    homeserver: int
    calendar: int
    maubot: int
    # Whether other ports than these will not do.
    fixed: bool = False


ANY_PORTS = Ports(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    display_name: str
    password: str
    login: Login


@dataclass(slots=True)
class State:
    """Saved after each change to one file that only its owner can read: it holds passwords and keys."""

    path: Path
    ports: Ports
    # Registers accounts, opens maubot's management API, pickles the bots' keys: all of it on this machine.
    secret: str
    maubot_password: str
    accounts: dict[str, Account] = field(default_factory=dict)
    # Matrix ID → the key that verifies later devices of the same bot; it can be had once only.
    recovery_keys: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    # Logins of the calendar server.
    calendar_passwords: dict[str, str] = field(default_factory=dict)
    # Plugin id → digest of the package that maubot has.
    packages: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        document = asdict(self)
        del document["path"]
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(document, indent=2, ensure_ascii=False))
        scratch.replace(self.path)


def load_state(path: Path, ports: Ports) -> State:
    """The state in this file, or a new one on free ports: on the given ones as far as nobody has them."""
    if path.exists():
        document = json.loads(path.read_text())
        accounts = {
            name: Account(**{**account, "login": Login(**account["login"])})
            for name, account in document.pop("accounts").items()
        }
        state = State(path=path, ports=Ports(**document.pop("ports")), accounts=accounts, **document)
        if ports.fixed and ports != replace(state.ports, fixed=True):
            raise StartError(f"the data in {path.parent} belong to port {state.ports.homeserver}; `make clean` first")
        return state
    state = State(path=path, ports=_choose(ports), secret=secrets.token_hex(24), maubot_password=new_password())
    state.save()
    return state


def _choose(wanted: Ports) -> Ports:
    if wanted.fixed:
        return replace(wanted, fixed=False)
    homeserver = free_port(wanted.homeserver)
    calendar = free_port(wanted.calendar, taken={homeserver})
    return Ports(homeserver, calendar, free_port(wanted.maubot, taken={homeserver, calendar}))


def new_password() -> str:
    """Typed by people who try the demonstration, so without characters that look alike."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
