"""The company the demo is about: which services it runs, which releases exist, and how each release behaves.

The story: checkout in prod has been slow since 1.4.1 went out, for 1.4.1 leaks database connections; 1.4.2, tried
in staging, mends it. While 1.4.2 waits for its approval, Carol may put her own 1.4.3 there.
"""

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from sandbox.fleet.values import Health, Metrics

ENVIRONMENTS = ("staging", "prod")


@dataclass(frozen=True)
class Behaviour:
    """How a release does under prod's traffic."""

    p95_latency_ms: int
    error_rate: float = 0.001
    health: Health = "healthy"
    note: str = "All is well."
    says: tuple[str, ...] = ("INFO  GET /health 200",)
    only_in_prod: bool = False
    """Whether what is wrong with it needs more traffic than staging has."""


@dataclass(frozen=True)
class Release:
    notes: str
    behaviour: Behaviour


@dataclass(frozen=True)
class Past:
    """A deployment from before the demo begins."""

    service: str
    environment: str
    from_version: str
    version: str
    by: str
    before: timedelta
    kind: Literal["deploy", "restart"] = "deploy"


LEAK = Behaviour(
    p95_latency_ms=1240,
    error_rate=0.021,
    health="degraded",
    note="Slow since 1.4.1: it leaks database connections.",
    says=(
        "INFO  POST /checkout 200 in 1187 ms",
        "WARN  pool: 98 of 100 connections in use, 61 of them idle for more than 10 min",
        "WARN  waited 1032 ms for a database connection",
        "INFO  POST /checkout 200 in 1304 ms",
        "ERROR POST /checkout 503: no database connection within 2000 ms",
    ),
    only_in_prod=True,
)

CRASH = Behaviour(
    p95_latency_ms=0,
    error_rate=1.0,
    health="down",
    note="It stops at start: setting LEDGER_URL is missing.",
    says=("INFO  starting", "FATAL setting LEDGER_URL is missing", "INFO  exit 78"),
)

# Per service: its instances in staging and in prod, then its releases, oldest first.
INSTANCES = MappingProxyType(
    {
        "checkout": MappingProxyType({"staging": 2, "prod": 4}),
        "search": MappingProxyType({"staging": 2, "prod": 3}),
        "payments": MappingProxyType({"staging": 2, "prod": 3}),
        "catalog": MappingProxyType({"staging": 2, "prod": 2}),
    }
)
SERVICES = tuple(INSTANCES)

RELEASES = MappingProxyType(
    {
        "checkout": MappingProxyType(
            {
                "1.3.9": Release("The last of the 1.3 line: one payment method only.", Behaviour(210)),
                "1.4.0": Release("Several payment methods.", Behaviour(195)),
                "1.4.1": Release(
                    "Gift cards. Known issue, found later: a connection to the database leaks with every declined "
                    "gift card; under load the pool runs dry and requests wait. Fixed in 1.4.2.",
                    LEAK,
                ),
                "1.4.2": Release(
                    "Gives database connections back when a gift card is declined (the leak of 1.4.1).",
                    Behaviour(180),
                ),
                "1.4.3": Release(
                    "Carol's hotfix: 1.4.0 with a larger connection pool, without gift cards.", Behaviour(205)
                ),
            }
        ),
        "search": MappingProxyType(
            {
                "2.8.3": Release("Synonyms.", Behaviour(130)),
                "2.8.4": Release("Typing errors are forgiven.", Behaviour(96)),
                "2.9.0": Release("A new ranking. Somewhat slower.", Behaviour(142)),
            }
        ),
        "payments": MappingProxyType(
            {
                "3.0.7": Release("Retries to the bank carry an idempotency key.", Behaviour(240)),
                "3.1.0": Release("A second bank.", Behaviour(225)),
                "3.2.0": Release("Posts to the ledger. Needs the new setting LEDGER_URL.", CRASH),
            }
        ),
        "catalog": MappingProxyType(
            {
                "5.1.0": Release("Pictures are served as AVIF.", Behaviour(64)),
                "5.1.1": Release("Old browsers get JPEG again.", Behaviour(66)),
                "5.2.0": Release("Prices in several currencies.", Behaviour(71)),
            }
        ),
    }
)

HISTORY = (
    Past("catalog", "staging", "5.1.1", "5.2.0", "dave", timedelta(days=9)),
    Past("catalog", "prod", "5.1.0", "5.1.1", "dave", timedelta(days=8, hours=3)),
    Past("payments", "staging", "3.0.7", "3.1.0", "alice", timedelta(days=7)),
    Past("payments", "prod", "3.0.7", "3.1.0", "alice", timedelta(days=6)),
    Past("search", "prod", "2.8.3", "2.8.4", "carol", timedelta(days=4)),
    Past("search", "staging", "2.8.4", "2.9.0", "carol", timedelta(days=2)),
    Past("checkout", "staging", "1.4.0", "1.4.1", "bob", timedelta(days=1, hours=2)),
    Past("checkout", "prod", "1.4.0", "1.4.1", "bob", timedelta(hours=5)),
    Past("checkout", "staging", "1.4.1", "1.4.2", "bob", timedelta(hours=1)),
)


def behaviour(service: str, version: str, environment: str) -> Behaviour:
    """How a release does in an environment: staging has a tenth of the traffic, so some faults do not show there."""
    found = RELEASES[service][version].behaviour
    if environment == "prod":
        return found
    if found.only_in_prod:
        return Behaviour(p95_latency_ms=170)
    return Behaviour(
        p95_latency_ms=found.p95_latency_ms * 7 // 10,
        error_rate=found.error_rate,
        health=found.health,
        note=found.note,
        says=found.says,
    )


def metrics(service: str, versions: tuple[str, ...], environment: str) -> Metrics:
    """What is measured over instances that run these versions: in the middle of a rollout, a mixture."""
    seen = [behaviour(service, version, environment) for version in versions]
    return Metrics(
        p95_latency_ms=round(sum(each.p95_latency_ms for each in seen) / len(seen)),
        error_rate=round(sum(each.error_rate for each in seen) / len(seen), 4),
    )
