"""The few pages that we show to a person: text in a card, without a script, and nothing of it from elsewhere."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from html import escape
from typing import Final

from webhooks.answers import Answer


class Tone(StrEnum):
    """How the news is."""

    GOOD = "good"
    BAD = "bad"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says; plain text, whatever signs are in it."""

    title: str
    tone: Tone
    words: str
    #: What the person is to do.
    then: str
    #: Seconds after which the page looks again; 0 for never.
    reload_after: int = 0


_SIGNS: Final = {Tone.GOOD: "✓", Tone.BAD: "!", Tone.WAITING: ""}
_STYLE: Final = """
:root { color-scheme: light dark; --paper: #f4f1ea; --card: #fffdf8; --ink: #23302a; --soft: #5d6b63; --line: #e2dccd;
  --good: #2f7d4f; --bad: #b3402b; --waiting: #2f7d4f; }
@media (prefers-color-scheme: dark) { :root { --paper: #161b18; --card: #1f2622; --ink: #e9efe9; --soft: #a3b0a7;
  --line: #323c36; --good: #6cc58e; --bad: #f0907a; --waiting: #6cc58e; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { width: 100%; max-width: 32rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  padding: 2.5rem; box-shadow: 0 1rem 3rem rgb(0 0 0 / 8%); }
header { display: flex; align-items: center; gap: .6rem; color: var(--soft); font-weight: 600; letter-spacing: .02em; }
svg { width: 1.5rem; height: 1.5rem; fill: none; stroke: var(--good); stroke-width: 2; stroke-linecap: round; }
.sign { width: 3.5rem; height: 3.5rem; margin: 2rem 0 1rem; display: grid; place-items: center; border-radius: 50%;
  font-size: 1.75rem; font-weight: 700; color: var(--card); }
.good .sign { background: var(--good); } .bad .sign { background: var(--bad); }
.waiting .sign { border: .3rem solid var(--line); border-top-color: var(--waiting);
  animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .waiting .sign { animation: none; } }
h1 { margin: 0 0 .75rem; font-size: 1.6rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1rem; white-space: pre-line; overflow-wrap: anywhere; }
p:last-child { margin: 0; color: var(--soft); }
"""
_STYLE_HASH: Final = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_LEAF: Final = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 21V11"/>'
    '<path d="M12 13C12 8 8 5 3 5c0 5 4 8 9 8z"/><path d="M12 11c0-4 3-7 8-7 0 4-3 7-8 7z"/></svg>'
)
#: Nothing is loaded, run, framed, kept, or told to the next page.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def answer_page(status: int, page: Page) -> Answer:
    """The page, whole."""
    return Answer(to_html(page), status, _HEADERS, mimetype="text/html")


def to_html(page: Page) -> str:
    """The page as HTML."""
    reload = f'<meta http-equiv="refresh" content="{page.reload_after}">' if page.reload_after else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{reload}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(page.title)} · Coltiva</title><style>{_STYLE}</style></head>"
        f'<body><main class="{page.tone}" role="status"><header>{_LEAF}Coltiva</header>'
        f'<div class="sign" aria-hidden="true">{_SIGNS[page.tone]}</div><h1>{escape(page.title)}</h1>'
        f"<p>{escape(page.words)}</p><p>{escape(page.then)}</p></main></body></html>"
    )
