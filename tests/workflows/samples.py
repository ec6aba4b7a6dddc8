"""Values to judge, without a server."""

from datetime import UTC, datetime, timedelta

from tests.workflows.far_end import ALICE, BY_BOB, DEPLOY, TEAM, deploy
from workflows.rules.canonical import canonical
from workflows.rules.digests import effect_digest, effect_key, gate_digest
from workflows.values.approval import Approval, Effect, Shown
from workflows.values.calls import Call
from workflows.values.people import Person, PersonFacts, Standing
from workflows.values.spec import Rule

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHOWN = Shown(content={"from": "1.4.1", "to": "1.4.2"})


def call(version: str = "1.4.2") -> Call:
    return Call(**deploy(version).model_dump(), number=1, turn=1)


def effect(version: str = "1.4.2", running: str = "1.4.1") -> Effect:
    precondition = canonical({"from": running, "to": version})
    digest = effect_digest(DEPLOY, call(version).arguments, "prod/checkout", "d", precondition)
    return Effect(
        call=call(version),
        contract=DEPLOY,
        target="prod/checkout",
        environment="prod",
        definition="d",
        precondition=precondition,
        digest=digest,
        key=effect_key("run/1", call(version), DEPLOY, 1),
        n=1,
    )


def approval(
    rule: Rule = BY_BOB, nonce: str = "first", requesters: tuple[Person, ...] = (ALICE,)
) -> Approval:
    return Approval(
        id="1.1",
        effect=effect(),
        gate=gate_digest(effect(), "run/1", "1.1", requesters, rule, SHOWN, nonce),
        nonce=nonce,
        rule=rule,
        requesters=requesters,
        home_team=TEAM,
        shown=SHOWN,
        slot="approval/1.1",
        opened_at=NOON,
        deadline=NOON + timedelta(hours=24),
    )


def member(person: Person, *groups: str, standing: Standing = Standing.MEMBER) -> PersonFacts:
    return PersonFacts(person=person, standing=standing, groups=groups, looked_up_at=NOON)
