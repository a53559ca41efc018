"""Our HTML as plain text: where Salesforce shows people the marks."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

#: Begin and end on a line of their own.
_BLOCKS: Final = frozenset({"p", "div", "ul", "ol", "table", "tr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"})
_HIDDEN: Final = frozenset({"script", "style", "head"})
_SPACES: Final = re.compile(r"[ \t\r\n\f\v]+")
_LINES: Final = re.compile(r" *\n *")
_GAPS: Final = re.compile(r"\n{3,}")
_ELLIPSIS: Final = "…"


def to_plain(html: str) -> str:
    """The text of some HTML: a line for each paragraph and item, links with their address behind them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _GAPS.sub("\n\n", _LINES.sub("\n", "".join(reader.parts))).strip()


def cut(text: str, length: int) -> str:
    """The text, or as much of its beginning as fits."""
    return text if len(text) <= length else text[: length - 1].rstrip() + _ELLIPSIS


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "br" or tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a" and self._links and (address := self._links.pop()):
            self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(_SPACES.sub(" ", data))
