"""`python -m calbot check`: says what is wrong with a configuration, and tries every account and calendar in it.

One line for each finding, the place first. Exit code 0 if nothing is wrong (notes are no fault), 1 if something is, 2
for a file that cannot be read.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from calbot.core.configuration import NotYaml, below, is_error, read_settings
from calbot.core.i18n import Catalog
from calbot.core.model import AccountName, CalendarName, Locale
from calbot.core.settings import Access, Calendar, Problem, Settings
from calbot.dav.gateway import DavGateway
from calbot.errors import CalbotError, CalendarUnavailable
from calbot.ports import CalendarFacts, CalendarGateway
from calbot.resources import LOCALES, read_catalogs

_STANDARD_INPUT = "-"
# What an account alone can be at fault for. Its own address need not be anything that can be looked at.
_OF_ACCOUNT = frozenset(
    ("calendar_login", "calendar_secret", "calendar_tls", "calendar_timeout", "calendar_unreachable")
)


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
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "UTF-8"
        print(catalog.text("check.file_unreadable", file=options.file, reason=reason), file=stdout)
        return 2
    settings, problems = read_settings(_parse(text))
    findings = [_said(problem, catalog) for problem in problems]
    _print(findings, catalog, stdout)
    if not options.offline:
        tried = asyncio.run(_try_everything(settings, catalog))
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


def _parse(text: str) -> object:
    """By the reader that maubot uses, so that nothing means something else there."""
    try:
        return YAML().load(text)
    except MarkedYAMLError as error:
        return NotYaml(error.problem_mark.line + 1 if error.problem_mark else 0)
    except (YAMLError, ValueError):
        return NotYaml()


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
            return [Finding(below("accounts", login.account), _reason(error, catalog))]
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
