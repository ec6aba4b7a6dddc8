"""What the fleet's tools take apart and give back. Pure values: no database, no protocol."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Health = Literal["healthy", "degraded", "down"]
Kind = Literal["deploy", "rollback", "restart"]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Refusal(Exception):
    """A definite no, decided before anything was written. Its text begins with its code."""

    def __init__(
        self, code: Literal["NOT_FOUND", "INVALID", "PRECONDITION_FAILED", "KEY_REUSED"], why: str
    ) -> None:
        super().__init__(f"{code}: {why}")


class Instance(Value):
    id: str = Field(description="For example checkout-prod-1")
    version: str
    health: Health


class Metrics(Value):
    p95_latency_ms: int = Field(description="95th percentile of the response time, in milliseconds")
    error_rate: float = Field(description="Share of requests that failed, 0 to 1")


class Service(Value):
    """One service in one environment, as it is now."""

    service: str
    environment: str
    version: str = Field(description="The version it should run: the last one deployed")
    previous: str | None = Field(description="What a rollback would go back to")
    health: Health
    note: str = Field(description="One sentence on its health")
    metrics: Metrics
    instances: tuple[Instance, ...]
    deploying: bool = Field(description="Whether a rollout has not reached every instance yet")
    revision: int = Field(
        description="Grows by one with every change of this service here; give it to deploy"
    )


class Services(Value):
    services: tuple[Service, ...]


class Deployment(Value):
    """Something that was done to a service. It has happened, whether or not anybody was told."""

    id: int
    service: str
    environment: str
    from_version: str
    version: str
    kind: Kind
    by: str
    key: str | None = Field(description="The request id it was made with, where its tool takes one")
    at: str = Field(description="ISO 8601, UTC")
    replied_at: str | None = Field(
        description="When the one who asked was answered; null while, or if, never"
    )


class Deployments(Value):
    deployments: tuple[Deployment, ...]


class Plan(Value):
    """What a change would do, without doing it."""

    service: str
    environment: str
    from_version: str
    to_version: str
    instances: tuple[str, ...] = Field(description="In the order in which they would be changed")
    steps: tuple[str, ...]
    downtime: str
    revision: int = Field(description="The service's revision this plan was made for")


class Change(Value):
    """What a rollback or restart did, or (dry_run) would do."""

    dry_run: bool
    plan: Plan
    deployment: Deployment | None = Field(description="Null for a dry run: nothing was done")


class Deployed(Value):
    deployment: Deployment
    instances: tuple[str, ...]
    revision: int = Field(description="The service's revision after this deployment")


class Release(Value):
    service: str
    version: str
    exists: bool
    notes: str = Field(description="Empty where the release does not exist")
    available: tuple[str, ...] = Field(description="Every release of the service, oldest first")


class Logs(Value):
    service: str
    environment: str
    lines: tuple[str, ...] = Field(description="Oldest first")


class Ticket(Value):
    id: int
    title: str
    service: str
    body: str
    reference: str | None = Field(description="What create_ticket was given, so that the ticket can be found")
    by: str
    at: str = Field(description="ISO 8601, UTC")


class Tickets(Value):
    tickets: tuple[Ticket, ...]
