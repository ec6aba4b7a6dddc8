"""Digests: what would happen, what was shown, and the key under which it happens once."""

import hashlib
from collections.abc import Sequence

from ..values.approval import Effect, Shown
from ..values.base import CanonicalJson, EffectDigest, EffectKey, GateDigest, Json
from ..values.calls import Call
from ..values.people import Person
from ..values.spec import Rule
from ..values.tools import ToolContract
from .canonical import canonical, parse
from .keys import KEY_PLACEHOLDER, NoPlace, placed
from .policy import target_of

SCHEMA = 1
"""Part of each digest; raise it when what they cover changes."""


def _sha256(domain: str, content: Json) -> str:
    return hashlib.sha256(f"{domain}/v{SCHEMA}\n{canonical(content)}".encode()).hexdigest()


def definition_digest(definition: Json) -> str:
    """Over a tool as its server lists it: name, description, schemas, annotations."""
    return _sha256("definition", definition)


def effect_digest(
    contract: ToolContract,
    arguments: CanonicalJson,
    target: str,
    definition: str,
    precondition: CanonicalJson,
) -> EffectDigest:
    """What would happen. Where the key goes, this is over a placeholder: *arguments* come without it."""
    return EffectDigest(
        _sha256(
            "effect",
            {
                "server": contract.server,
                "tool": contract.tool,
                "definition": definition,
                "arguments": _with_placeholder(contract, arguments),
                "target": target,
                "precondition": precondition,
                "class": contract.effect_class.value,
            },
        )
    )


def _with_placeholder(contract: ToolContract, arguments: CanonicalJson) -> CanonicalJson:
    content = parse(arguments)
    if contract.key is None or not isinstance(content, dict):
        return arguments
    try:
        return canonical(placed(contract, content, KEY_PLACEHOLDER))
    except NoPlace:
        # Preview and executor refuse it. What is sent has the placeholder and no other mark, so it is never the same.
        return arguments


def gate_digest(
    effect: Effect,
    run_id: str,
    approval: str,
    requesters: Sequence[Person],
    rule: Rule,
    shown: Shown,
    nonce: str,
) -> GateDigest:
    """What was shown, once. The nonce differs after a reset, so an old approval is void there."""
    return GateDigest(
        _sha256(
            "gate",
            {
                "effect": effect.digest,
                "run": run_id,
                "call": effect.call.number,
                "approval": approval,
                "requesters": [person.model_dump() for person in requesters],
                "rule": rule.model_dump(mode="json"),
                "preview": shown.model_dump(mode="json"),
                "nonce": nonce,
            },
        )
    )


def effect_key(run_id: str, call: Call, contract: ToolContract, n: int) -> EffectKey:
    """The idempotency key, and the id of the `Effect` workflow.

    No Temporal run id, no uuid, no precondition, no edit: those change when an operator resets a run, and the call
    would take effect again.
    """
    return EffectKey(
        _sha256(
            "key",
            {
                "run": run_id,
                "call": call.number,
                "tool": call.tool,
                "arguments": call.proposed,
                "target": target_of(contract, call.proposed),
                "n": n,
            },
        )
    )


def gates_digest(gates: Sequence[GateDigest]) -> str:
    """Over all that one button for several approvals stands for."""
    return _sha256("gates", list(gates))


def proposal_digest(call: Call, target: str) -> str:
    """What a planner proposed, whenever it proposed it."""
    return _sha256("proposal", {"tool": call.tool, "arguments": call.arguments, "target": target})


def freeze_id(environment: str) -> str:
    """The id of the `Freeze` workflow of an environment; of everything, for the empty one."""
    return f"freeze/environment/{environment}" if environment else "freeze/everything"


def lease_id(target: str) -> str:
    """The id of the `Lease` workflow of a target."""
    return "target/" + _sha256("target", target)


def effect_workflow_id(key: EffectKey) -> str:
    """The id of the `Effect` workflow of a key: Temporal itself is the ledger."""
    return f"effect/{key}"
