"""Orders as the core gives them, to the demo fleet and to a server that misbehaves."""

from datetime import UTC, datetime, timedelta

from workflows.rules.admission import admit_by_rule
from workflows.rules.canonical import canonical
from workflows.rules.digests import effect_digest, effect_key
from workflows.rules.policy import target_of
from workflows.values.approval import Effect, Previewed
from workflows.values.base import Json
from workflows.values.calls import Call
from workflows.values.effect import EffectOrder
from workflows.values.steps import PermittedRead, PreviewOrder
from workflows.values.tools import (
    EffectClass,
    KeyForm,
    KeyPlace,
    Precondition,
    PreviewBy,
    ToolContract,
    Verify,
)

CANARY = "xyz'zy/72+61 é"
"""A credential of the server that misbehaves: nothing that is shown may hold it."""
REFUSALS = ("NOT_FOUND:", "INVALID:", "PRECONDITION_FAILED:")


def contract(server: str, tool: str, **terms: object) -> ToolContract:
    defaults = {"target": "{environment}/{service}"} if server == "fleet" else {}
    return ToolContract(name=f"{server}.{tool}", server=server, tool=tool, **{**defaults, **terms})


DEPLOY = contract(
    "fleet",
    "deploy",
    preview=PreviewBy(tool="plan_deployment"),
    precondition=Precondition(field="revision", argument="expected_revision"),
    proves_nothing_done=REFUSALS,
)
ROLLBACK = contract("fleet", "rollback", preview=PreviewBy(dry_run={"dry_run": True}))
RESTART = contract(
    "fleet",
    "restart",
    effect_class=EffectClass.IDEMPOTENT,
    key=KeyPlace(argument="request_id"),
    preview=PreviewBy(dry_run={"dry_run": True}),
    proves_nothing_done=REFUSALS,
)
TICKET = contract("fleet", "create_ticket", target="tickets/{service}")
FINDABLE = contract(
    "fleet",
    "create_ticket",
    target="tickets/{service}",
    effect_class=EffectClass.VERIFIABLE,
    key=KeyPlace(argument="reference"),
    verify=Verify(
        tool="find_tickets",
        arguments={"reference": "{key}", "service": "{service}"},
        found="tickets",
        settle_seconds=0.1,
    ),
    proves_nothing_done=REFUSALS,
)

PLACE = {"service": "checkout", "environment": "prod"}
UPGRADE = {**PLACE, "version": "1.4.2"}
SLOW = {"title": "slow", "service": "checkout", "body": "very"}


def odd(tool: str, **terms: object) -> ToolContract:
    """An effect of the server that misbehaves."""
    return contract("odd", tool, timeout_seconds=5.0, **terms)


def keyed(tool: str, **terms: object) -> ToolContract:
    return odd(tool, effect_class=EffectClass.IDEMPOTENT, key=KeyPlace(argument="key"), **terms)


MESSAGE = odd("mirror", key=KeyPlace(argument="message", form=KeyForm.TRAILER))
LABELS = odd("mirror", key=KeyPlace(argument="labels", form=KeyForm.LABEL))


def call_of(terms: ToolContract, arguments: Json) -> Call:
    return Call(number=3, turn=2, tool=terms.name, arguments=canonical(arguments))


def read_of(terms: ToolContract, arguments: Json) -> PermittedRead:
    return PermittedRead(call=call_of(terms, arguments), contract=terms, rule="reading")


def preview_of(terms: ToolContract, arguments: Json) -> PreviewOrder:
    return PreviewOrder(call=call_of(terms, arguments), contract=terms)


def effect_of(terms: ToolContract, arguments: Json, previewed: Previewed) -> EffectOrder:
    """What the core makes of a preview, once it was admitted."""
    assert not previewed.problem, previewed.problem
    call = call_of(terms, arguments)
    target = target_of(terms, call.arguments)
    effect = Effect(
        call=call,
        contract=terms,
        target=target,
        environment="prod",
        definition=previewed.definition,
        precondition=previewed.precondition,
        expected=previewed.expected,
        digest=effect_digest(terms, call.arguments, target, previewed.definition, previewed.precondition),
        key=effect_key("run/T1/1", call, terms, 1),
        n=1,
    )
    admission = admit_by_rule(effect.digest, "any", (), datetime.now(UTC))
    assert admission is not None
    return EffectOrder(effect=effect, admission=admission, run_id="run/T1/1", run_name="deploy-checkout-1")


def admitted_ago(order: EffectOrder, age: timedelta) -> EffectOrder:
    admission = order.admission.model_copy(update={"admitted_at": datetime.now(UTC) - age})
    return order.model_copy(update={"admission": admission})
