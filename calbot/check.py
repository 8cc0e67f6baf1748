"""`python -m calbot check`: says what is wrong with a configuration, and tries every account and calendar in it.

One line for each finding, the place first, in the order of the file. Exit code 0 if nothing is wrong (notes are no
fault), 1 if something is; 2, as usual, for arguments that are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from calbot.core.configuration import below, is_error, read_settings
from calbot.core.i18n import Catalog
from calbot.core.model import AccountName, CalendarName, Locale
from calbot.core.settings import Access, Account, Calendar, Problem, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalbotError, CalendarUnavailable
from calbot.ports import CalendarFacts, CalendarGateway
from calbot.resources import LOCALES, read_catalogs

_STANDARD_INPUT = "-"
# What an account alone can be at fault for. Its own address need not be anything that can be looked at.
_OF_ACCOUNT = frozenset(
    ("calendar_login", "calendar_secret", "calendar_tls", "calendar_timeout", "calendar_unreachable")
)
_UNREADABLE: Mapping[type[Exception], str] = {
    FileNotFoundError: "check.file_missing",
    PermissionError: "check.file_forbidden",
    IsADirectoryError: "check.file_is_folder",
    UnicodeDecodeError: "check.file_not_utf8",
}
# The rest of what ruamel.yaml says there are the values, which may be passwords.
_TWICE = re.compile(r'found duplicate key "([^"\n]{1,60})" with value')
# How far down findings can lie, and how much of a file full of aliases is looked at to put them in order.
_DEPTH = 5
_PLACES = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A line to print. A note is good to know and no fault."""

    path: str
    text: str
    note: bool = False


class _Package:
    """Reads files of the package; where it lies in a folder or a zip file is the import system's business."""

    def sync_read_file(self, path: str) -> bytes:
        package, _, name = path.partition("/")
        data = pkgutil.get_data(package, name)
        if data is None:
            raise FileNotFoundError(path)
        return data


def main(argv: Sequence[str], stdin: TextIO, stdout: TextIO) -> int:
    parser = argparse.ArgumentParser(
        prog="calbot check",
        description="Says what is wrong with a configuration, and tries every account and calendar in it.",
    )
    parser.add_argument("file", metavar="FILE", help="the configuration as YAML; - for standard input")
    parser.add_argument("--offline", action="store_true", help="only look at the file")
    parser.add_argument("--lang", choices=LOCALES, default=_language(), help="language of the findings")
    try:
        options = parser.parse_args(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    catalog = read_catalogs(_Package())[options.lang]
    try:
        text = stdin.read() if options.file == _STANDARD_INPUT else Path(options.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _print([Finding(options.file, _unreadable(error, catalog))], catalog, stdout)
        return 1
    raw, findings = _parse(text, catalog)
    settings, problems = read_settings(raw)
    order = {path: place for place, path in enumerate(islice(_paths(raw), _PLACES))}
    findings += _ordered([_said(problem, catalog) for problem in problems], order)
    _print(findings, catalog, stdout)
    if not options.offline:
        tried = _ordered(asyncio.run(_try_everything(settings, catalog)), order)
        _print(tried, catalog, stdout)
        findings += tried
    if not findings:
        print(catalog.text("check.good"), file=stdout)
    return 1 if any(not finding.note for finding in findings) else 0


def _language() -> Locale:
    """As gettext finds it, of those that we speak."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "de" if value.startswith("de") else "en"
    return "en"


def _unreadable(error: OSError | UnicodeDecodeError, catalog: Catalog) -> str:
    id = _UNREADABLE.get(type(error))
    if id is not None:
        return catalog.text(id)
    return catalog.text("check.file_unreadable", reason=(error.strerror if isinstance(error, OSError) else "") or "?")


def _parse(text: str, catalog: Catalog) -> tuple[Mapping[object, object], list[Finding]]:
    """By the reader that maubot uses, so that nothing means something else there."""
    whole = catalog.text("check.configuration")
    try:
        raw = YAML().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        path = whole if mark is None else catalog.text("check.at_line", line=mark.line + 1)
        twice = _TWICE.search(error.problem or "") if isinstance(error, DuplicateKeyError) else None
        said = catalog.text("check.key_twice", key=twice[1]) if twice else catalog.text("config.expected_yaml")
        return {}, [Finding(path, said)]
    except (YAMLError, ValueError):
        return {}, [Finding(whole, catalog.text("config.expected_yaml"))]
    if not raw and (raw is None or isinstance(raw, Mapping)):
        return {}, [Finding(whole, catalog.text("check.empty"), note=True)]
    if not isinstance(raw, Mapping):
        return {}, [Finding(whole, catalog.text("config.expected_map"))]
    return raw, []


def _paths(value: object, path: str = "", depth: int = 0) -> Iterator[str]:
    """The paths of keys and items as findings name them, in the order of the file."""
    if depth == _DEPTH:
        return
    if isinstance(value, Mapping):
        children = [(below(path, key), child) for key, child in value.items() if isinstance(key, str)]
    elif isinstance(value, list):
        children = [(f"{path}[{at}]", child) for at, child in enumerate(value)]
    else:
        return
    for child_path, child in children:
        yield child_path
        yield from _paths(child, child_path, depth + 1)


def _ordered(findings: Sequence[Finding], order: Mapping[str, int]) -> list[Finding]:
    """In the order of the file; what is missing there, where it belongs."""

    def place(finding: Finding) -> int:
        known = [path for path in order if finding.path.startswith(path)]
        return order[max(known, key=len)] if known else len(order)

    return sorted(findings, key=place)


def _said(problem: Problem, catalog: Catalog) -> Finding:
    text = catalog.text(f"config.{problem.expected}", **problem.params)
    return Finding(problem.path, text, note=not is_error(problem))


def _print(findings: Sequence[Finding], catalog: Catalog, stdout: TextIO) -> None:
    for finding in findings:
        text = catalog.text("check.note", text=finding.text) if finding.note else finding.text
        print(catalog.text("check.line", path=finding.path, text=text), file=stdout)


# ---------------------------------------------------------------------------------------------------- with the network


async def _try_everything(settings: Settings, catalog: Catalog) -> list[Finding]:
    """Accounts side by side, in the order of the file."""
    logins = {account: _login(account, settings) for account in settings.accounts}
    probed = replace(settings, calendars={**settings.calendars, **{login.name: login for login in logins.values()}})
    async with DavGateway(probed) as gateway:
        found = await asyncio.gather(*(_try_account(login, settings, gateway, catalog) for login in logins.values()))
    return [finding for findings in found for finding in findings]


def _login(account: AccountName, settings: Settings) -> Calendar:
    """A stand-in for the account itself, under a name that no key of YAML can have."""
    return Calendar(CalendarName(f"\0{account}"), account, settings.accounts[account].url)


async def _try_account(
    login: Calendar, settings: Settings, gateway: CalendarGateway, catalog: Catalog
) -> list[Finding]:
    """The login first: one that is refused is not tried again for each calendar, or the account might get locked."""
    try:
        await gateway.probe(login.name)
    except CalbotError as error:
        if error.reason in _OF_ACCOUNT:
            path = below("accounts", login.account)
            if error.reason == "calendar_secret":
                return [Finding(f"{path}.password", _secret(settings.accounts[login.account], catalog))]
            return [Finding(path, _reason(error, catalog))]
    findings: list[Finding] = []
    for calendar in settings.calendars.values():
        if calendar.account == login.account:
            path = below("calendars", calendar.name)
            try:
                facts = await gateway.probe(calendar.name)
            except CalendarUnavailable as error:
                findings.append(Finding(path, _reason(error, catalog)))
            else:
                findings.extend(_judge(path, calendar, facts, catalog))
    return findings


def _secret(account: Account, catalog: Catalog) -> str:
    """Where the password was looked for. Names of variables and files are no secrets."""
    secret = account.password
    if secret.env:
        return catalog.text("check.no_variable", name=secret.env)
    return catalog.text("check.no_password_file", file=secret.file)


def _reason(error: CalbotError, catalog: Catalog) -> str:
    return catalog.text(f"error.{error.reason}", **error.params)


def _judge(path: str, calendar: Calendar, facts: CalendarFacts, catalog: Catalog) -> Iterator[Finding]:
    if not facts.exists:
        yield Finding(f"{path}.url", catalog.text("check.no_calendar"))
    elif not facts.is_calendar:
        yield Finding(f"{path}.url", catalog.text("check.not_a_calendar"))
    else:
        if calendar.access is Access.READ_WRITE and facts.writable is False:
            yield Finding(f"{path}.access", catalog.text("check.not_writable"))
        if not facts.syncs:
            yield Finding(path, catalog.text("check.no_sync"), note=True)
