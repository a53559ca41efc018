"""`python -m connector.sandbox.salesforce`: serve an org until interrupted.

The first line on standard output is JSON: the login URL, the app, and the org with its address and tokens.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from connector.sandbox.clock import SandboxClock
from connector.sandbox.salesforce.apps import App
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.package import install_package
from connector.sandbox.salesforce.platform import Platform
from connector.sandbox.salesforce.server import running
from connector.sandbox.told_clock import ToldClock


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    platform = _build_platform(options)
    app, org = platform.create_app(_build_app(options)), platform.create_org()
    install_package(org, app)
    _fill(platform, org, options)
    token, refresh_token = platform.connect(app, org), platform.connect_with_oauth(app, org)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as stack:
        login_url = stack.enter_context(running(platform, port=options.port, pump=True))
        first_line: dict[str, Any] = {
            "login_url": login_url,
            "app": {"client_id": app.client_id, "client_secret": app.client_secret},
            "org": {
                "org_id": org.id,
                "instance_url": org.instance_url,
                "username": org.people.read(org.integration_user)["Username"],
                "token": token,
                "refresh_token": refresh_token,
            },
        }
        if options.changes:
            first_line["pubsub"] = stack.enter_context(_telling_changes(platform, org))
        sys.stdout.write(json.dumps(first_line) + "\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _telling_changes(platform: Platform, org: Org) -> AbstractContextManager[str]:
    """The org's event bus, over gRPC."""
    from connector.sandbox.salesforce.pubsub_server import PubSubServer, serving_pubsub

    server = PubSubServer(platform)
    server.open_bus(org.id, "Lead", "Contact", "Opportunity", "OpportunityContactRole", "CampaignMember", "Task")
    return serving_pubsub(server)


def _build_app(options: argparse.Namespace) -> App:
    app = App(public_key=options.public_key.read_bytes() if options.public_key else b"")
    app.redirect_urls += tuple(options.redirect_url)
    return app


def _build_platform(options: argparse.Namespace) -> Platform:
    """With a clock file everybody lives in the org's time, and what guards the wire passes as it does."""
    if options.clock_file is None:
        return Platform(clock=SandboxClock(rate=options.rate), seed=options.seed)
    told = ToldClock(options.clock_file, rate=options.rate)
    return Platform(clock=told, stopwatch=told.seconds, seed=options.seed)


def _fill(platform: Platform, org: Org, options: argparse.Namespace) -> None:
    if options.unlimited:
        org.pool.maximum = None
    if options.target_url:
        for object_name in ("Lead", "Contact", *options.tell):
            platform.outbound.add(org, object_name, options.target_url)
    for number in range(options.leads):
        org.people.create_lead(f"person{number}@example.com", FirstName="Person", LastName=str(number))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m connector.sandbox.salesforce", description="Serve a simulated Salesforce org."
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port of the login host, the org has the next; 0 takes free ones"
    )
    parser.add_argument("--leads", type=int, default=0, help="leads to begin with")
    parser.add_argument("--target-url", help="where outbound messages go; without it none are sent")
    parser.add_argument(
        "--tell",
        action="append",
        default=[],
        choices=("Opportunity", "CampaignMember", "Task"),
        help="outbound messages of this object, too; may be repeated",
    )
    parser.add_argument(
        "--redirect-url",
        action="append",
        default=[],
        help="one more callback URL of the app, for logging in by browser",
    )
    parser.add_argument(
        "--public-key",
        type=Path,
        metavar="FILE",
        help="in PEM: what the app's signature is checked with, for --username",
    )
    parser.add_argument(
        "--changes", action="store_true", help="tell change events over gRPC; needs the extra salesforce-cdc"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="org seconds in a real second; 0 stands still")
    parser.add_argument(
        "--clock-file", type=Path, help="tell the org's time to other processes through this file (COLTIVA_CLOCK_FILE)"
    )
    parser.add_argument("--unlimited", action="store_true", help="no limit to a day's requests")
    parser.add_argument("--seed", type=int, default=1, help="makes tokens, faults and retries repeatable")
    return parser


if __name__ == "__main__":
    sys.exit(main())
