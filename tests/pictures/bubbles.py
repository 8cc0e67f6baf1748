"""Scenes as web pages: each message in a bubble, its HTML exactly as it was sent, in the manner of Element."""

from __future__ import annotations

import html
from collections.abc import Sequence

from calbot.core.model import Message

from .gallery import BOT, Line, Scene

# What a client adds to a message: sizes and colours as Element has them, and nothing that would help the message.
STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b1d22; --quiet: #656d77; --theirs: #f0f2f5; --ours: #e1f5ec;
        --code: #fff; --link: #0467dd; --pill: #cdd3da; }
@media (prefers-color-scheme: dark) {
  :root { --page: #101317; --text: #ebeef2; --quiet: #808994; --theirs: #21262c; --ours: #06332a; --code: #101317;
          --link: #5fa8ff; --pill: #394049; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 10px 10px 12px; background: var(--page); color: var(--text);
       font: 15px/1.45 Inter, system-ui, sans-serif, "Noto Color Emoji"; }
.line { display: flex; flex-direction: column; align-items: flex-start; margin-bottom: 10px; }
.line:last-child { margin-bottom: 0; }
.line.typed { align-items: flex-end; }
.by { color: var(--quiet); font-size: 12px; margin: 0 8px 2px; }
.bubble { max-width: min(94%, 600px); padding: 7px 11px; border-radius: 10px; background: var(--theirs);
          overflow-wrap: anywhere; }
.typed .bubble { background: var(--ours); }
.bubble p { margin: 0 0 8px; }
.bubble p:last-child { margin-bottom: 0; }
.bubble code { background: var(--code); border-radius: 4px; padding: 1px 4px;
               font: 13px/1.4 "DejaVu Sans Mono", monospace; }
.bubble a { color: var(--link); text-decoration: none; }
.bubble a[href^="https://matrix.to/#/@"] {
  background: var(--pill); color: inherit; border-radius: 10px; padding: 0 7px; }
"""


def page(scenes: Sequence[Scene], language: str) -> str:
    """The scenes one after the other, as a conversation."""
    lines = "\n".join(_line(line) for scene in scenes for line in scene.lines)
    head = f'<meta charset="utf-8"><title>calbot</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{lines}</body></html>'


def _line(line: Line) -> str:
    typed = isinstance(line.said, str)
    said = line.said.html if isinstance(line.said, Message) else html.escape(line.said)
    kind = "line typed" if typed and line.by != BOT else "line"
    return f'<div class="{kind}"><div class="by">{html.escape(line.by)}</div><div class="bubble">{said}</div></div>'
