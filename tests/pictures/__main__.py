"""``python -m tests.pictures`` takes the pictures of ``docs/messages.md`` and writes that page.

``--pages FOLDER`` needs no browser: it writes every scene of the gallery into one web page for each language.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from calbot.core.model import Locale

from . import browser
from .bubbles import page
from .gallery import gallery

DOCS = Path(__file__).parents[2] / "docs"
LOCALES: tuple[Locale, ...] = ("de", "en")
PHONE, DESKTOP = 360, 760
COLOURS = 32  # enough for text on two grounds, and a third of the bytes

# What is shown: the name of the pictures, the heading of the page, the scenes.
SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "card": ("The card of a meeting", ("card",)),
    "agenda": ("An agenda", ("agenda",)),
    "poll": ("A poll over dates, and what came of it", ("poll", "poll_result")),
    "slots": ("Free times", ("slots",)),
    "reminder": ("A reminder", ("reminders",)),
    "question": ("A question", ("question", "question_about_a_date")),
    "error": ("Errors", ("errors",)),
    "help": ("Help", ("help_overview",)),
}
# How: the name of the picture, its width, whether it is dark.
VIEWS: Mapping[str, tuple[int, bool]] = {
    "phone": (PHONE, False),
    "phone-dark": (PHONE, True),
    "desktop": (DESKTOP, False),
}
LANGUAGES: Mapping[Locale, str] = {"de": "German", "en": "English"}
INTRODUCTION = """\
# What the bot's messages look like

<!-- This page and its pictures are made by `make pictures`. -->

The messages below come from the bot itself, typed for and answered in a room of a test. They are shown as a client
like Element shows them: on a phone, light and dark, and on a desktop. Nothing depends on colours, pictures or tables:
screen readers, notifications and bridges get the same words as plain text.
"""


async def take() -> None:
    """All pictures of the page, and the page."""
    path = browser.installed()
    if path is None:
        raise SystemExit(f"make pictures: a Chromium is needed; the packages of Debian: {browser.PACKAGES}")
    folder = DOCS / "pictures"
    folder.mkdir(exist_ok=True)
    async with browser.running(path) as chromium:
        for locale in LOCALES:
            scenes = {scene.name: scene for scene in await gallery(locale)}
            for name, (_, parts) in SHOWN.items():
                html = page([scenes[part] for part in parts], locale)
                for view, (width, dark) in VIEWS.items():
                    taken = await chromium.picture(html, width=width, dark=dark)
                    (folder / _file(name, locale, view)).write_bytes(small(taken))
    (DOCS / "messages.md").write_text(messages_page(), encoding="utf-8")


def small(png: bytes) -> bytes:
    """The same picture in few colours."""
    written = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        written, "PNG", optimize=True
    )
    return written.getvalue()


def messages_page() -> str:
    parts = [INTRODUCTION]
    for name, (heading, _) in SHOWN.items():
        parts.append(f"## {heading}\n")
        for locale in LOCALES:
            phones = " ".join(_image(name, locale, view, PHONE) for view in VIEWS if view != "desktop")
            parts.append(f"{LANGUAGES[locale]}:\n\n{phones}\n\n{_image(name, locale, 'desktop', DESKTOP)}\n")
    return "\n".join(parts)


def _image(name: str, locale: Locale, view: str, width: int) -> str:
    text = f"{SHOWN[name][0]}, {LANGUAGES[locale]}, {view.replace('-', ', ')}"
    return f'<img src="pictures/{_file(name, locale, view)}" width="{width}" alt="{text}">'


def _file(name: str, locale: Locale, view: str) -> str:
    return f"{name}-{locale}-{view}.png"


def write_pages(folder: Path) -> None:
    """Every scene, to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    for locale in LOCALES:
        scenes = asyncio.run(gallery(locale))
        (folder / f"gallery-{locale}.html").write_text(page(scenes, locale), encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--pages", metavar="FOLDER", type=Path, help="write web pages with all scenes instead")
    wanted: Path | None = parser.parse_args(arguments).pages
    logging.disable(logging.WARNING)  # of the outages that scenes play
    if wanted is None:
        asyncio.run(take())
    else:
        write_pages(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
