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
from pathlib import Path

from connector.sandbox.clock import SandboxClock
from connector.sandbox.hubspot.properties import Option, Property
from connector.sandbox.hubspot.sandbox import Sandbox
from connector.sandbox.hubspot.server import running
from connector.sandbox.hubspot.single_sends import SavedEmail
from connector.sandbox.told_clock import ToldClock


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    sandbox = _build_sandbox(options)
    app = sandbox.create_app()
    app.target_url = options.target_url
    app.redirect_urls = tuple(options.redirect_url)
    if options.subscribe != "none":
        watched = [*options.watch, *(definition.name for definition in options.property)]
        app.subscribe_broadly(generic=options.subscribe == "generic", properties=watched)
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


def _build_sandbox(options: argparse.Namespace) -> Sandbox:
    """With a clock file everybody lives in portal time, and what guards the wire passes as it does."""
    if options.clock_file is None:
        clock = SandboxClock(rate=options.rate)
        return Sandbox(clock=clock, seed=options.seed, sign_in_real_time=options.sign_in_real_time)
    told = ToldClock(options.clock_file, rate=options.rate)
    return Sandbox(clock=told, stopwatch=told.seconds, seed=options.seed)


def _open_portal(sandbox: Sandbox, number: int, options: argparse.Namespace) -> dict[str, object]:
    app = next(iter(sandbox.apps.values()))
    portal = sandbox.create_portal(f"Example Ltd {number + 1}")
    for definition in options.property:
        if definition.name not in portal.contacts.catalog.properties:
            portal.contacts.catalog.create(definition)
    for email in options.email:
        portal.single_sends.save(email)
    for form in options.form:
        portal.marketing.form(form)
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
    parser.add_argument(
        "--property",
        action="append",
        default=[],
        type=_to_property,
        metavar="NAME:TYPE",
        help="a contact property that the portal has beside HubSpot's own, and that the app hears of; "
        f"TYPE is one of {', '.join(_FIELD_TYPES)}",
    )
    parser.add_argument(
        "--email",
        action="append",
        default=[],
        type=_to_email,
        metavar="NUMBER:KIND:NAME",
        help="an email that was saved for the single-send API; KIND is marketing or transactional",
    )
    parser.add_argument("--form", action="append", default=[], metavar="NAME", help="a form that the portal has")
    parser.add_argument("--redirect-url", action="append", default=[], help="an OAuth redirect URL of the app")
    parser.add_argument("--rate", type=float, default=1.0, help="portal seconds in a real second; 0 stands still")
    parser.add_argument(
        "--clock-file", type=Path, help="tell portal time to other processes through this file (COLTIVA_CLOCK_FILE)"
    )
    parser.add_argument("--sign-in-real-time", action="store_true", help="sign webhooks with the machine's time")
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    parser.add_argument("--seed", type=int, default=1, help="makes ids, faults and retries repeatable")
    return parser


#: Property type -> how it is shown in a form.
_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "bool": "booleancheckbox",
    "date": "date",
    "datetime": "date",
}
_YES_OR_NO = (Option("true", "Yes", 0), Option("false", "No", 1))


def _to_property(text: str) -> Property:
    name, _, kind = text.partition(":")
    if kind not in _FIELD_TYPES:
        raise argparse.ArgumentTypeError(f"{text}: write NAME:TYPE, TYPE one of {', '.join(_FIELD_TYPES)}")
    options = _YES_OR_NO if kind == "bool" else ()
    return Property(name, name, kind, _FIELD_TYPES[kind], options=options, hubspot_defined=False)


def _to_email(text: str) -> SavedEmail:
    number, kind, name = [*text.split(":", 2), "", ""][:3]
    if not number.isdecimal() or kind not in ("marketing", "transactional") or not name:
        raise argparse.ArgumentTypeError(f"{text}: write NUMBER:KIND:NAME, KIND marketing or transactional")
    return SavedEmail(int(number), name, kind == "transactional")


if __name__ == "__main__":
    raise SystemExit(main())
