"""The two handbooks: the same commands in the same order, none of which a shell refuses, and links that lead on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .blocks import BadFence, Block, Where, read_blocks

ROOT = Path(__file__).parents[2]
HANDBOOKS = ("admin.de.md", "admin.en.md")
# What differs between the languages: what people are shown or type in the chat.
_TRANSLATED = re.compile(
    r'-p "[^"]*"|#.*|--lang \w+|language: \w+|PASSWOR[TD]|displayname: "\w+"|echo "maubot.*"|\S+\.crt'
)


def blocks_of(name: str) -> list[Block]:
    return list(read_blocks((ROOT / "docs" / name).read_text()))


def test_blocks_are_read_with_their_place() -> None:
    text = "a\n```sh\nls\n```\n\n   ```sh elsewhere\n   cd /\n   ```\n```yaml\na: 1\n```\n```text chat\n!meet\n```\n"
    assert [(block.where, block.text, block.line) for block in read_blocks(text)] == [
        (Where.MACHINE, "ls\n", 2),
        (Where.ELSEWHERE, "cd /\n", 6),
        (Where.NOWHERE, "a: 1\n", 9),
        (Where.CHAT, "!meet\n", 12),
    ]


@pytest.mark.parametrize("text", ["```sh somewhere\nls\n```\n", "```sh\nls\n"])
def test_a_block_that_nobody_could_follow_is_refused(text: str) -> None:
    with pytest.raises(BadFence):
        list(read_blocks(text))


def test_both_languages_have_the_same_commands() -> None:
    german, english = (blocks_of(name) for name in HANDBOOKS)
    assert [block.where for block in german] == [block.where for block in english]
    for one, other in zip(german, english, strict=True):
        if one.where not in {Where.CHAT, Where.NOWHERE}:
            assert _TRANSLATED.sub("", one.text) == _TRANSLATED.sub("", other.text), f"lines {one.line}, {other.line}"


@pytest.mark.parametrize("name", HANDBOOKS)
def test_each_command_is_one_for_bash(name: str) -> None:
    shell = {Where.MACHINE, Where.VALUES, Where.HOMESERVER, Where.ELSEWHERE}
    for block in blocks_of(name):
        if block.where in shell:
            checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
            assert checked.returncode == 0, f"line {block.line}: {checked.stderr}"


@pytest.mark.parametrize("name", HANDBOOKS)
def test_chapters_are_found_from_the_contents(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    headings = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}
    wanted = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(wanted) >= 15
    assert set(wanted) <= headings


@pytest.mark.parametrize("name", HANDBOOKS)
def test_links_lead_to_what_is_delivered(name: str) -> None:
    links = re.findall(r"\]\((\.\./deploy[^)#]*|\.\./CHANGELOG[^)#]*)\)", (ROOT / "docs" / name).read_text())
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def _anchor(heading: str) -> str:
    """As forges make them of headings."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
