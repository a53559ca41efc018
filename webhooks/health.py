"""`/healthz` says that this process lives, `/readyz` that deliveries are kept and worked on."""

from __future__ import annotations

from flask import Blueprint

from connector.errors import StoreUnavailableError
from webhooks.answers import Answer, answer
from webhooks.door import Door


def add_health_routes(blueprint: Blueprint, door: Door) -> None:
    """Open to all; they tell nothing about leads."""

    @blueprint.get("/healthz")
    def show_health() -> Answer:
        return answer(200, {"status": "alive"})

    @blueprint.get("/readyz")
    def show_readiness() -> Answer:
        checks = check_readiness(door)
        is_ready = all(checks.values())
        return answer(200 if is_ready else 503, {"status": "ready" if is_ready else "not ready", **checks})


def check_readiness(door: Door) -> dict[str, bool]:
    """Database reachable, its schema current, a worker at work: what is not reached counts as not so."""
    checks = {"database": False, "schema": False, "worker": False}
    try:
        checks["schema"] = door.store.is_current()
        checks["database"] = True
        if checks["schema"]:
            leases = door.store.read_models.held_leases(door.clock.now())
            checks["worker"] = any(name.startswith("worker:") for name in leases)
    except StoreUnavailableError:
        pass
    return checks
