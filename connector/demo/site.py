"""ACME's own site, shop and survey tool: what they see they tell through the signals API, as any server would."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from datetime import datetime


class Site:
    """A holder of a key."""

    def __init__(self, public_url: str, key: str) -> None:
        self._url = f"{public_url}/api/v1/signals"
        self._key = key

    def tell(self, signal: str, email: str, at: datetime, attributes: Mapping[str, str | int]) -> None:
        """Tell one signal. Raises OSError when the API refuses it."""
        body = {"signals": [{"signal": signal, "email": email, "at": at.isoformat(), "attributes": attributes}]}
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
