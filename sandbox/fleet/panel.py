"""What the sandbox's page shows of the fleet, and the two buttons that make its life hard."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox.fleet import catalogue
from sandbox.fleet.database import Database
from sandbox.fleet.values import Deployment, Refusal, Service

LATEST = 6
WHEN_NOTHING_WAS_PLANNED = ("checkout", "prod", "1.4.2")


def snapshot(path: str | Path) -> dict[str, Any]:
    """The fleet at one moment, JSON-able; `{"available": False}` where there is no fleet yet.

    `would_have.count` is how many deployments a caller that simply retries would have made: those that truly
    happened, and once more each whose reply never reached anybody.
    """
    try:
        with closing(Database.open_to_read(Path(path))) as database, database.transaction(writes=False):
            services = database.services()
            latest = database.deployments(None, None, LATEST)
            happened, unanswered = database.happened()
            lose_next_reply = database.loses_next_reply()
    except sqlite3.DatabaseError:
        return {"available": False}
    return {
        "available": True,
        "environments": [
            {"name": name, "services": [_service(each) for each in services if each.environment == name]}
            for name in catalogue.ENVIRONMENTS
        ],
        "deployments": {"count": happened, "latest": [_deployment(each) for each in latest]},
        "would_have": {"count": happened + unanswered},
        "lose_next_reply": lose_next_reply,
    }


def lose_next_reply(path: str | Path) -> None:
    """Arm the fault, once: the next deployment, rollback or ticket is done, and the server dies before it answers."""
    with Database.open(Path(path)) as database:
        database.lose_next_reply()


def carol_deploys(path: str | Path) -> str:
    """Carol deploys something else to the service somebody last planned for. Returns a sentence about it."""
    with Database.open(Path(path)) as database:
        service, environment, avoid = database.planned() or WHEN_NOTHING_WAS_PLANNED
        try:
            done = database.deploy_at_once(service, environment, avoid, by="carol")
        except Refusal:
            return f"Carol found nothing else to deploy to {service} in {environment}."
    return f"Carol deployed {done.service} {done.version} to {done.environment} (it ran {done.from_version})."


def _service(service: Service) -> dict[str, Any]:
    shown = service.model_dump(
        mode="json", include={"version", "previous", "health", "note", "instances", "deploying"}
    )
    return {"name": service.service, **shown}


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return deployment.model_dump(
        mode="json", include={"id", "service", "environment", "from_version", "version", "by", "at", "kind"}
    )
