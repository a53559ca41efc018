"""Starts worker processes, one after the other, and tells how each ended.

Loading our code takes longer than a worker lives in the test that kills it: here it is loaded once. For each line on
standard input a process is forked that works as `coltiva worker` does, with a lease so short that its heir need not
wait for long. Its id, and later its exit status, are written to standard output.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import connector.crms.hubspot.portal
import connector.engine.running.work
import connector.mapping.load
import connector.store.sqlite
from connector.bootstrap import open_services
from connector.settings import load_settings

LOADED = (connector.crms.hubspot.portal, connector.engine.running.work, connector.mapping.load, connector.store.sqlite)


def work() -> None:
    services = open_services(replace(load_settings(), lease_seconds=1))
    worker = services.build_worker()
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()


def main() -> None:
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            work()
            os._exit(0)
        print(child, flush=True)  # noqa: T201  the test reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
