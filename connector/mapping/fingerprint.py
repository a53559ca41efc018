"""The version of a mapping: a fingerprint of what its files say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def to_version(files: Mapping[str, str]) -> str:
    """Twelve hexadecimal digits, the same for every order of the files and every style of line ends."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        content = to_plain_text(text).encode(errors="surrogatepass")
        digest.update(f"{len(name)}:{name}:{len(content)}:".encode(errors="surrogatepass") + content)
    return digest.hexdigest()[:12]


def to_plain_text(text: str) -> str:
    """The text with plain line ends and without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
