"""A Cyrus of the tests' own: a calendar server that schedules, on loopback, in a directory of its own.

It comes from the Debian packages named below, of whose service nothing is used but the programs.
"""

from __future__ import annotations

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from demo import caldav_servers
from demo.process import LOOPBACK, ServerProcess, answers, free_port

DOMAIN = "example.org"
PASSWORD = "geheim"
PACKAGES = "cyrus-imapd cyrus-caldav sasl2-bin"

_PROGRAMS = Path("/usr/lib/cyrus/bin")
_SASLPASSWD = shutil.which("saslpasswd2") or "/usr/sbin/saslpasswd2"
_ADMIN = "admin"
_SERVICE_USER = "cyrus"  # of the package; Cyrus does not work as root
_DIRECTORIES = ("config/db", "config/log", "config/msg", "config/proc", "config/socket", "lock", "sieve", "spool")


def is_installed() -> bool:
    return (_PROGRAMS / "httpd").exists() and Path(_SASLPASSWD).exists()


needs_cyrus = pytest.mark.skipif(
    not is_installed(),
    reason=f"a server that schedules is needed: apt-get install {PACKAGES}",
)

_IMAPD_CONF = """\
configdirectory: {directory}/config
defaultpartition: default
partition-default: {directory}/spool
sievedir: {directory}/sieve
proc_path: {directory}/config/proc
mboxname_lockpath: {directory}/lock
cyrus_user: {user}
cyrus_group: {group}
admins: {admin}
servername: {domain}
defaultdomain: {domain}
virtdomains: off
calendar_user_address_set: {domain}
unixhierarchysep: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {directory}/sasldb2
sasl_mech_list: PLAIN
httpmodules: caldav
caldav_allowscheduling: on
# What is long over is told to nobody otherwise, and one day that is all that the tests write.
caldav_historical_age: -1
master_bind_errors_fatal: yes
umask: 077
# People elsewhere would be mailed by the machine's own mail system.
sendmail: /bin/false
syslog_prefix: calbot-test
"""
_CYRUS_CONF = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {config} -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {config}" listen="{host}:{imap}" proto="tcp4" prefork=0
  http cmd="{programs}/httpd -C {config}" listen="{host}:{http}" proto="tcp4" prefork=1
}}
EVENTS {{
}}
"""


@dataclass(frozen=True, slots=True)
class Cyrus:
    """Where it is, and how people get at what is theirs. Everybody's address is their name at `DOMAIN`."""

    port: int
    process: ServerProcess

    def home(self, user: str) -> str:
        return f"http://{LOOPBACK}:{self.port}/dav/calendars/user/{user}/"

    def principal(self, user: str) -> str:
        return f"http://{LOOPBACK}:{self.port}/dav/principals/user/{user}/"

    def calendar(self, http: aiohttp.ClientSession, user: str, name: str = "Default") -> caldav_servers.Calendar:
        """A calendar as its owner sees it; every user has `Default`, `Inbox` and `Outbox`."""
        return caldav_servers.Calendar(http, f"{self.home(user)}{name}/", user, PASSWORD)


@asynccontextmanager
async def running(users: Iterable[str]) -> AsyncIterator[Cyrus]:
    """Started, with these people on it; gone without a trace afterwards."""
    # pytest's directories are closed to the user that Cyrus runs as.
    directory = Path(tempfile.mkdtemp(prefix="calbot-cyrus-"))
    try:
        http = free_port()
        imap = free_port(taken=(http,))
        await asyncio.to_thread(_prepare, directory, http, imap, [_ADMIN, *users])
        server = _server(directory, http)
        async with server:
            await asyncio.to_thread(_open_accounts, imap, users)
            yield Cyrus(http, server)
    finally:
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


def _server(directory: Path, port: int) -> ServerProcess:
    argv = [
        *(str(_PROGRAMS / "master"), "-D", "-p", str(directory / "master.pid")),
        *("-C", str(directory / "imapd.conf"), "-M", str(directory / "cyrus.conf")),
    ]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
        user, group = _identity()
        # Changing the user takes back that it ends with its parent.
        argv = [setpriv, "--reuid", user, "--regid", group, "--init-groups", "--pdeathsig", "TERM", *argv]
    ready = partial(answers, f"http://{LOOPBACK}:{port}/")
    return ServerProcess("cyrus", argv, directory, port, ready)


def _identity() -> tuple[str, str]:
    """The user and the group it runs as."""
    owner = pwd.getpwnam(_SERVICE_USER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return owner.pw_name, grp.getgrgid(owner.pw_gid).gr_name


def _prepare(directory: Path, http: int, imap: int, users: Iterable[str]) -> None:
    user, group = _identity()
    for name in _DIRECTORIES:
        (directory / name).mkdir(parents=True)
    config = directory / "imapd.conf"
    config.write_text(_IMAPD_CONF.format(directory=directory, user=user, group=group, admin=_ADMIN, domain=DOMAIN))
    services = _CYRUS_CONF.format(programs=_PROGRAMS, config=config, host=LOOPBACK, http=http, imap=imap)
    (directory / "cyrus.conf").write_text(services)
    for name in users:
        subprocess.run(  # noqa: S603 - a program of the package, with names of the tests'
            [_SASLPASSWD, "-p", "-c", "-f", str(directory / "sasldb2"), "-u", DOMAIN, name],
            input=PASSWORD.encode(),
            check=True,
        )
    if os.geteuid() == 0:
        for path in (directory, *directory.rglob("*")):
            shutil.chown(path, user, group)


def _open_accounts(port: int, users: Iterable[str]) -> None:
    """An inbox for each: calendars are made with the first look at them, and only for who has one."""
    with imaplib.IMAP4(LOOPBACK, port) as admin:
        admin.login(_ADMIN, PASSWORD)
        for user in users:
            status, answer = admin.create(f"user/{user}")
            if status != "OK":
                raise RuntimeError(f"no account for {user}: {answer!r}")
