"""`python -m connector.sandbox`: serve a sandbox until interrupted.

The first line on standard output is JSON: the URL, the app and the portals with their tokens.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence

from connector.sandbox.clock import SandboxClock
from connector.sandbox.sandbox import Sandbox
from connector.sandbox.server import running


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    sandbox = Sandbox(
        clock=SandboxClock(rate=options.rate), seed=options.seed, sign_in_real_time=options.sign_in_real_time
    )
    app = sandbox.create_app()
    app.target_url = options.target_url
    app.redirect_urls = tuple(options.redirect_url)
    if options.subscribe != "none":
        app.subscribe_broadly(generic=options.subscribe == "generic", properties=options.watch)
    portals = [_open_portal(sandbox, number, options) for number in range(options.portals)]
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with running(sandbox, port=options.port, pump=True) as url:
        first_line = {
            "url": url,
            "app": {"app_id": app.app_id, "client_id": app.client_id, "client_secret": app.client_secret},
            "portals": portals,
        }
        sys.stdout.write(json.dumps(first_line) + "\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _open_portal(sandbox: Sandbox, number: int, options: argparse.Namespace) -> dict[str, object]:
    app = next(iter(sandbox.apps.values()))
    portal = sandbox.create_portal(f"Example Ltd {number + 1}")
    if options.unlimited:
        portal.limits.max_calls = portal.limits.max_searches_per_second = None
    for contact in range(options.contacts):
        portal.create_contact(f"person{contact}@example.com", firstname="Person", lastname=str(contact))
    return {
        "portal_id": portal.id,
        "token": sandbox.connect(app, portal),
        "refresh_token": sandbox.connect_with_oauth(app, portal),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m connector.sandbox", description="Serve a simulated HubSpot.")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    parser.add_argument("--portals", type=int, default=1, help="how many portals to open")
    parser.add_argument("--contacts", type=int, default=0, help="contacts to begin with in each portal")
    parser.add_argument("--target-url", help="where webhooks go; without it none are sent")
    parser.add_argument("--subscribe", choices=("classic", "generic", "none"), default="classic")
    parser.add_argument("--watch", action="append", default=[], metavar="PROPERTY", help="one more property to hear of")
    parser.add_argument("--redirect-url", action="append", default=[], help="an OAuth redirect URL of the app")
    parser.add_argument("--rate", type=float, default=1.0, help="portal seconds in a real second; 0 stands still")
    parser.add_argument("--sign-in-real-time", action="store_true", help="sign webhooks with the machine's time")
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    parser.add_argument("--seed", type=int, default=1, help="makes ids, faults and retries repeatable")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
