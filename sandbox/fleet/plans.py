"""What a change would do. Pure: from the state of a service to a plan, a health, or a refusal."""

from sandbox.fleet import catalogue
from sandbox.fleet.values import Health, Plan, Refusal, Service

DOWNTIME = "none, rolling, one instance at a time"
WORST_FIRST: tuple[Health, ...] = ("down", "degraded", "healthy")


def deployment(now: Service, version: str) -> Plan:
    """The plan of putting *version* there. Raises Refusal: there is no such release, or it already runs."""
    place = f"{now.service} in {now.environment}"
    if version not in catalogue.RELEASES[now.service]:
        raise Refusal("INVALID", f"{now.service} has no release {version}")
    if version == now.version:
        raise Refusal("INVALID", f"{place} already runs {version}")
    return _plan(now, version, tuple(f"{each.id}: {each.version} → {version}" for each in now.instances))


def rollback(now: Service) -> Plan:
    """The plan of going back to what ran before. Raises Refusal: nothing did."""
    if now.previous is None:
        raise Refusal("INVALID", f"{now.service} in {now.environment} has no previous version")
    return deployment(now, now.previous)


def restart(now: Service) -> Plan:
    return _plan(now, now.version, tuple(f"{each.id}: restart on {each.version}" for each in now.instances))


def expect(now: Service, revision: int | None) -> None:
    """Hold the caller to the revision it planned for. Raises Refusal: the service was changed since."""
    if revision is not None and revision != now.revision:
        place = f"{now.service} in {now.environment}"
        raise Refusal(
            "PRECONDITION_FAILED",
            f"{place} is at revision {now.revision} (version {now.version}), not {revision}: it was changed since",
        )


def expect_idle(now: Service) -> None:
    """One rollout at a time. Raises Refusal: one of this service is under way here."""
    if now.deploying:
        raise Refusal("INVALID", f"a rollout of {now.service} in {now.environment} is under way")


def health(service: str, environment: str, versions: tuple[str, ...]) -> tuple[Health, str]:
    """The worst among what runs, and a sentence on it."""
    seen = [catalogue.behaviour(service, version, environment) for version in versions]
    worst = min(seen, key=lambda each: WORST_FIRST.index(each.health))
    return worst.health, worst.note


def hotfix(now: Service, planned: str | None) -> str:
    """The version somebody in a hurry would put there instead: the newest that works and is neither there nor planned."""
    newest_first = reversed(catalogue.RELEASES[now.service])
    for version in newest_first:
        works = catalogue.behaviour(now.service, version, now.environment).health == "healthy"
        if works and version not in (now.version, planned):
            return version
    raise Refusal("INVALID", f"{now.service} has no other release")


def _plan(now: Service, to_version: str, steps: tuple[str, ...]) -> Plan:
    return Plan(
        service=now.service,
        environment=now.environment,
        from_version=now.version,
        to_version=to_version,
        instances=tuple(each.id for each in now.instances),
        steps=steps,
        downtime=DOWNTIME,
        revision=now.revision,
    )
