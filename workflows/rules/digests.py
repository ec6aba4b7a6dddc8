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

SCHEMA = 1
"""Part of each digest; raise it when what they cover changes."""

KEY_PLACEHOLDER = "{key}"
"""Stands where the idempotency key goes, in what is hashed and in what is shown."""


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
    if contract.key_argument is None or not isinstance(content, dict):
        return arguments
    return canonical({**content, contract.key_argument: KEY_PLACEHOLDER})


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


def effect_key(run_id: str, call: Call, target: str, n: int) -> EffectKey:
    """The idempotency key, and the id of the `Effect` workflow.

    No Temporal run id, no uuid, no precondition: those change when an operator resets a run, and the effect would
    happen again (measured: reference F2).
    """
    return EffectKey(
        _sha256(
            "key",
            {
                "run": run_id,
                "call": call.number,
                "tool": call.tool,
                "arguments": call.arguments,
                "target": target,
                "n": n,
            },
        )
    )


def lease_id(target: str) -> str:
    """The id of the `Lease` workflow of a target."""
    return "target/" + _sha256("target", target)


def effect_workflow_id(key: EffectKey) -> str:
    """The id of the `Effect` workflow of a key: Temporal itself is the ledger."""
    return f"effect/{key}"
