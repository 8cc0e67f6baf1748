"""`python -m calbot check`: says what is wrong with a configuration, and tries everything in it.

One line for each finding, the place first, in the order of the file. Exit code 0 if nothing is wrong (notes are no
fault), 1 if something is; 2, as usual, for arguments that are wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pkgutil
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TextIO

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from calbot.check_accounts import Finding, try_everything
from calbot.check_mail import try_mail
from calbot.check_matrix import Login, try_homeserver, try_maubot
from calbot.core.configuration import below, is_error, kind_text, read_settings, worded
from calbot.core.i18n import Catalog
from calbot.core.model import Locale
from calbot.core.settings import Problem, Settings
from calbot.dav.gateway import DavGateway
from calbot.mail import SmtpMailer
from calbot.resources import read_catalogs
from calbot.secret_values import SecretMissing, reveal

_STANDARD_INPUT = "-"
_TOKEN_HELP = "environment variable with the token for that (%(default)s)"  # noqa: S105 - help, no token
_NOWHERE: Mapping[str, object] = {}
# What YAML makes of a value of that kind; else a text.
_TYPES: Mapping[str, str] = {
    "config.kind.boolean": "check.found_boolean",
    "config.kind.integer": "check.found_number",
    "config.kind.level": "check.found_number",
    "config.kind.map": "check.found_map",
    "config.kind.list": "check.found_list",
    "config.kind.calendars": "check.found_list",
    "config.kind.weekdays": "check.found_list",
}
_UNREADABLE: Mapping[type[Exception], str] = {
    FileNotFoundError: "check.file_missing",
    PermissionError: "check.file_forbidden",
    IsADirectoryError: "check.file_is_folder",
    UnicodeDecodeError: "check.file_not_utf8",
}
# The rest of what ruamel.yaml says there are the values, which may be passwords.
_TWICE = re.compile(r'found duplicate key "([^"\n]{1,60})" with value')
_TYPE_TEXTS = (
    (str, "check.found_text"),
    ((int, float), "check.found_number"),
    (Mapping, "check.found_map"),
    (list, "check.found_list"),
    (date, "check.found_date"),
)
# Kinds of names with keys below them: there it is the name that is wrong.
_NAMES = frozenset(("config.kind.room", "config.kind.filled_text"))
# How far down findings can lie, and how much of a file full of aliases is looked at to put them in order.
_DEPTH = 5
_PLACES = 10_000


class _Package:
    """Reads files of the package; where it lies in a folder or a zip file is the import system's business."""

    def sync_read_file(self, path: str) -> bytes:
        package, _, name = path.partition("/")
        data = pkgutil.get_data(package, name)
        if data is None:
            raise FileNotFoundError(path)
        return data

    def sync_list_files(self, directory: str) -> list[str]:
        package, _, folder = directory.partition("/")
        return [file.name for file in files(package).joinpath(folder).iterdir()]


def main(argv: Sequence[str], stdin: TextIO, stdout: TextIO) -> int:
    parser = argparse.ArgumentParser(
        prog="calbot check",
        description="Says what is wrong with a configuration, and tries every account, calendar and mail server in it.",
    )
    parser.add_argument("file", metavar="FILE", help="the configuration as YAML; - for standard input")
    parser.add_argument("--offline", action="store_true", help="only look at the file")
    parser.add_argument("--maubot", metavar="URL", help="also look at the bot's client in maubot, and its rooms")
    parser.add_argument("--maubot-token-env", metavar="NAME", default="MAUBOT_TOKEN", help=_TOKEN_HELP)
    parser.add_argument("--client", metavar="MXID", default="", help="which client, where several run calbot")
    parser.add_argument("--homeserver", metavar="URL", help="also look at the bot's account and rooms, without maubot")
    parser.add_argument("--token-env", metavar="NAME", default="CALBOT_TOKEN", help=_TOKEN_HELP)
    catalogs = read_catalogs(_Package())
    parser.add_argument("--lang", choices=catalogs, default=_language(catalogs), help="language of the findings")
    try:
        options = parser.parse_args(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 2
    catalog = catalogs[options.lang]
    try:
        text = stdin.read() if options.file == _STANDARD_INPUT else Path(options.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _print([Finding(options.file, _unreadable(error, catalog))], catalog, stdout)
        return 1
    raw, findings = _parse(text, catalog)
    settings, problems = read_settings(raw, catalogs)
    places = dict(islice(_places(raw), _PLACES))
    order = {path: place for place, path in enumerate(places)}
    findings += _ordered([_said(problem, catalog, places) for problem in problems], order)
    _print(findings, catalog, stdout)
    if not options.offline:
        tried = _ordered(asyncio.run(_try(settings, catalog, options)), order)
        _print(tried, catalog, stdout)
        findings += tried
    if not findings:
        print(catalog.text("check.good"), file=stdout)
    return 1 if any(not finding.note for finding in findings) else 0


def _language(spoken: Collection[Locale]) -> Locale:
    """As gettext finds it, of those that we speak."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            language = value[:2]
            return language if language in spoken else "en"
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
        return {}, [_said(Problem(whole, "expected_map"), catalog)]
    return raw, []


def _places(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """The paths of keys and items as findings name them, and what is there, in the order of the file."""
    if depth == _DEPTH:
        return
    if isinstance(value, Mapping):
        children = [(below(path, key), child) for key, child in value.items() if isinstance(key, str)]
    elif isinstance(value, list):
        children = [(f"{path}[{at}]", child) for at, child in enumerate(value)]
    else:
        return
    for child_path, child in children:
        yield child_path, child
        yield from _places(child, child_path, depth + 1)


def _ordered(findings: Sequence[Finding], order: Mapping[str, int]) -> list[Finding]:
    """In the order of the file; what is missing there, where it belongs."""

    def place(finding: Finding) -> int:
        known = [path for path in order if finding.path.startswith(path)]
        return order[max(known, key=len)] if known else len(order)

    return sorted(findings, key=place)


def _said(problem: Problem, catalog: Catalog, places: Mapping[str, object] = _NOWHERE) -> Finding:
    text = worded(problem, catalog)
    kind = kind_text(problem, catalog)
    if kind is not None and problem.path in places:
        found = _type(places[problem.path])
        of_a_name = found == "check.found_map" and kind in _NAMES
        if found != _TYPES.get(kind, "check.found_text") and not of_a_name:
            text = catalog.text("check.found", text=text, found=catalog.text(found))
    return Finding(problem.path, text, note=not is_error(problem))


def _type(value: object) -> str:
    """The text that names it. The value itself is not told: it may be a password in the wrong place."""
    if isinstance(value, bool):
        return "check.found_boolean"
    for type_, id in _TYPE_TEXTS:
        if isinstance(value, type_):
            return id
    return "check.found_nothing" if value is None else "check.found_other"


def _print(findings: Sequence[Finding], catalog: Catalog, stdout: TextIO) -> None:
    for finding in findings:
        text = catalog.text("check.note", text=finding.text) if finding.note else finding.text
        print(catalog.text("check.line", path=finding.path, text=text), file=stdout)


async def _try(settings: Settings, catalog: Catalog, options: argparse.Namespace) -> list[Finding]:
    async with DavGateway(settings) as gateway:
        findings = await try_everything(settings, gateway, catalog)
    if settings.email.host:
        findings += await try_mail(settings, SmtpMailer(settings.email), catalog)
    try:
        await asyncio.to_thread(reveal, settings.web.token)
    except SecretMissing:
        findings.append(Finding("web.token", catalog.text("check.web_token_missing")))
    return findings + await _try_matrix(settings, catalog, options)


async def _try_matrix(settings: Settings, catalog: Catalog, options: argparse.Namespace) -> list[Finding]:
    """As far as an address is given: the configuration says nothing of the bot's account."""
    findings: list[Finding] = []
    login = None
    if options.maubot:
        token = os.environ.get(options.maubot_token_env)
        if not token:
            return [Finding("maubot", catalog.text("check.no_token", name=options.maubot_token_env))]
        findings, login = await try_maubot(options.maubot, token, options.client, catalog)
    if options.homeserver:
        token = os.environ.get(options.token_env)
        if not token:
            return [*findings, Finding("homeserver", catalog.text("check.no_token", name=options.token_env))]
        login = Login(options.homeserver, token)
    return findings if login is None else findings + await try_homeserver(login, settings, catalog)
