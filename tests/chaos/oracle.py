"""The invariants of a chaos run, each a function from the evidence to what contradicts it.

The oracle knows nothing of how Handrail works inside. It reads the far end's table, the server's histories, Slack's log
and the audit; who may decide on what it knows from the config's author (`tests.chaos.deployment`).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from tests.chaos.deployment import Goal
from tests.chaos.evidence import Delivery, Effect, Evidence, Run
from tests.chaos.truth import AT_MOST_ONCE, IDEMPOTENT, VERIFIABLE, Row

Violations = Iterator[str]
APPLIED, NOT_APPLIED, UNKNOWN = "applied", "not_applied", "unknown"
ENDED_BADLY = frozenset({"rejected", "expired", "superseded", "withdrawn"})
"""What the audit says of a gate that nothing may come of."""


def once(evidence: Evidence) -> Violations:
    """I1: one goal asks for one effect, so there is at most one row for it, and at most one for a key."""
    for item, count in Counter(row.item for row in evidence.rows).items():
        if count > 1:
            yield f"{item} happened {count} times"
    for key, count in Counter(row.key for row in evidence.rows if row.key).items():
        if count > 1:
            yield f"the key {key} was carried out {count} times"


def said_is_true(evidence: Evidence) -> Violations:
    """I2: what is said to have been applied has its row, and what is said not to have been has none."""
    for effect in evidence.effects.values():
        rows = _rows_of(evidence, effect)
        item = _item(evidence, effect)
        if effect.said == APPLIED and not rows:
            yield f"{item} is said to be applied, and it never happened ({effect.id})"
        if effect.said == NOT_APPLIED and rows:
            yield f"{item} is said not to be applied, and it happened ({effect.id})"
    for run in evidence.runs.values():
        words = any(effect.outcome and effect.outcome.get("by") for effect in evidence.effects_of(run.item))
        changes = [each for each in (run.result or {}).get("changes", ()) if each["certain"]]
        if changes and not words and not _happened(evidence, run.item):
            yield f"the run of {run.item} ends with a change that never happened"


def all_is_told(evidence: Evidence) -> Violations:
    """I2: every row belongs to an effect that was admitted, and the run's audit has it as applied or as unknown."""
    for row in evidence.rows:
        if not any(_is_of(row, effect) for effect in evidence.effects_of(row.item)):
            yield f"{row.item} happened, and no effect was admitted for it then"
            continue
        told = {entry["what"] for run in evidence.run_of(row.item) for entry in run.audit}
        if not told & {APPLIED, UNKNOWN}:
            yield f"{row.item} happened, and the audit of its run has neither applied nor unknown"


def unknown_is_unknown(evidence: Evidence) -> Violations:
    """I2: where no answer came and nothing can be asked, the outcome is unknown, and people are asked on a card."""
    for effect in evidence.effects.values():
        item = _item(evidence, effect)
        if effect.lost and effect.order["effect"]["contract"]["effect_class"] == AT_MOST_ONCE:
            if effect.said in (APPLIED, NOT_APPLIED):
                yield f"nobody can know what became of {item}, and it is said to be {effect.said}"
            if not effect.told:
                yield f"nobody can know what became of {item}, and nobody was told"
        if effect.told and effect.run not in evidence.asked:
            yield f"nobody can know what became of {item}, and no card asks"


def gated(evidence: Evidence) -> Violations:
    """I3: a quorum of distinct people who may decide, and who did not ask, approved exactly what was admitted."""
    for effect in evidence.effects.values():
        run = evidence.runs.get(effect.run)
        goal = evidence.goals.get(run.item) if run else None
        if run is None or goal is None:
            yield f"{effect.id} belongs to no run that anybody asked for"
            continue
        admission = effect.order["admission"]
        if admission["effect"] != effect.order["effect"]["digest"]:
            yield f"what was admitted for {run.item} is not what was ordered"
        voters = _approved_by(run, admission["gate"], effect.started) & set(goal.room.may_decide(goal.by))
        if len(voters) < goal.room.quorum:
            yield f"{run.item} was admitted with {len(voters)} of {goal.room.quorum} approvals ({effect.id})"


def as_approved(evidence: Evidence) -> Violations:
    """I4: what the far end received is, but for the key, what was asked for and what was approved."""
    for row in evidence.rows:
        goal = evidence.goals.get(row.item)
        if goal is None or row.arguments != goal.arguments or row.effect_class != goal.effect_class:
            yield f"{row.item} came as {row.received}"
        effects = evidence.effects_of(row.item)
        if row.arguments not in {effect.order["effect"]["call"]["arguments"] for effect in effects}:
            yield f"{row.item} came as {row.received}, and something else was approved"
        if row.effect_class in (IDEMPOTENT, VERIFIABLE) and not any(_has_key(row, each) for each in effects):
            yield f"{row.item} came with a key that is none of its effects'"


def stopped_is_stopped(evidence: Evidence) -> Violations:
    """I5: nothing happens after a rejection, an acknowledged cancel, an expiry or the end of a run."""
    for run in evidence.runs.values():
        effects = [effect for effect in evidence.effects.values() if effect.run == run.id]
        for entry in run.audit:
            gate = entry.get("refs", {}).get("gate")
            for effect in effects:
                if entry["what"] in ENDED_BADLY and gate and effect.order["admission"]["gate"] == gate:
                    yield f"{run.item} was applied on a gate that was {entry['what']}"
                if entry["what"] == "cancelled" and effect.decided > _seconds(entry["at"]):
                    yield f"{run.item} was applied after its run was cancelled"
        for row in evidence.rows:
            if row.item == run.item and run.closed is not None and row.at > run.closed:
                yield f"{run.item} happened {row.at - run.closed:.1f} s after its run had ended"
    yield from _undecided(evidence)


def _undecided(evidence: Evidence) -> Violations:
    """By Slack's own log alone: without enough clicks on Approve by those who may, nothing happens."""
    clicked: dict[str, set[str]] = {}
    for delivery in evidence.deliveries:
        for action in delivery.payload.get("actions", ()):
            if action["action_id"] == "approve":
                run = json.loads(action["value"])["run"]
                clicked.setdefault(run, set()).add(delivery.payload["user"]["id"])
    for row in evidence.rows:
        goal = evidence.goals.get(row.item)
        for run in evidence.run_of(row.item):
            if (
                goal
                and len(clicked.get(run.id, set()) & set(goal.room.may_decide(goal.by))) < goal.room.quorum
            ):
                yield f"{row.item} happened, and too few people pressed Approve"


def heard(evidence: Evidence) -> Violations:
    """I6: every click that Slack was told had arrived is in a history, or its person was told something else."""
    heard = [signal.body.get("delivery", "") for run in evidence.runs.values() for signal in run.signals]
    known = {delivery for delivery in heard if delivery}
    for delivery in evidence.deliveries:
        if not delivery.acknowledged:
            continue
        if delivery.kind == "slash_commands":
            yield from _started(evidence, delivery)
            continue
        mark = _mark(delivery)
        if mark and not any(mark in each for each in known) and not _was_told(evidence, delivery):
            yield f"a click was acknowledged and is in no history: {mark}"


def _started(evidence: Evidence, delivery: Delivery) -> Violations:
    """A command that arrived is a run, and only one, however often it came."""
    occasion = f"{delivery.payload['team_id']}/command/{delivery.payload['trigger_id']}"
    name = f"run/{delivery.payload['team_id']}/{hashlib.sha256(occasion.encode()).hexdigest()[:24]}"
    if name not in evidence.runs and not _was_told(evidence, delivery):
        yield f"a command was acknowledged and started nothing: {delivery.payload['text']}"


def _mark(delivery: Delivery) -> str:
    """What has to be in the delivery id of a signal; empty for a click that sends none."""
    payload, person = delivery.payload, delivery.payload["user"]["id"]
    if payload["type"] == "view_submission":
        return f"{payload['view']['id']}/"
    for action in payload.get("actions", ()):
        if action["action_id"] in ("approve", "cancel_run"):
            return f"/{person}/{action['action_ts']}"
    return ""


def _was_told(evidence: Evidence, delivery: Delivery) -> bool:
    payload = delivery.payload
    if payload.get("type") == "view_submission":
        return payload["view"]["id"] in evidence.answered
    person = payload.get("user_id") or payload["user"]["id"]
    channel = payload.get("channel_id") or payload["channel"]["id"]
    thread = (payload.get("container") or {}).get("thread_ts", "")
    root = thread or (payload.get("container") or {}).get("message_ts", "")
    return any(
        (each.to, each.channel) == (person, channel)
        and each.thread in (thread, root)
        and each.at > delivery.at - 10
        for each in evidence.whispers
    )


def alive(evidence: Evidence) -> Violations:
    """I7: no workflow fails its tasks again and again, and none ended otherwise than by itself."""
    for each in (*evidence.runs.values(), *evidence.effects.values()):
        for broken in each.broken:
            yield f"{each.id}: {broken}"


def secret(evidence: Evidence) -> Violations:
    """I8: the far end's secret is nowhere else."""
    for place in evidence.leaks:
        yield f"the secret is in {place}"


def ended_or_waiting(evidence: Evidence) -> Violations:
    """I9: every run ended or waits for a named person or time; so does every effect, and every lease has its effect."""
    for item, goal in evidence.goals.items():
        runs = evidence.run_of(item)
        if len(runs) > 1:
            yield f"{item} has {len(runs)} runs"
        for run in runs:
            if run.closed is None and not _waits(run, goal):
                yield f"the run of {item} neither ended nor waits for anybody: {_now(run)}"
    for effect in evidence.effects.values():
        run = evidence.runs.get(effect.run)
        if effect.closed is None and (run is None or not _waits_for_word(run)):
            yield f"{effect.id} has not ended, and nobody is asked about it"
    for lease, holder in evidence.leases.items():
        effect = evidence.effects.get(holder)
        if effect is None or effect.closed is not None:
            yield f"{lease} is held by nobody"


def _now(run: Run) -> str:
    view = run.view or {}
    return f"{view.get('state')}, {view.get('doing') or 'nothing said'}, shown on {sorted(view.get('cards', ()))}"


def _waits(run: Run, goal: Goal) -> bool:
    """For whom, or until when?"""
    view = run.view or {}
    somebody = bool(set(goal.room.approvers) - {goal.by})
    approvals = any(each["state"] == "open" for each in view.get("approvals", ()))
    return (approvals and somebody) or _waits_for_word(run)


def _waits_for_word(run: Run) -> bool:
    view = run.view or {}
    unknowns = any(not each["said"] for each in view.get("unknowns", ()))
    return unknowns or any(not each["answered"] for each in view.get("questions", ()))


INVARIANTS: dict[str, Callable[[Evidence], Violations]] = {
    "I1 duplicates": once,
    "I2 what is said": said_is_true,
    "I2 what is told": all_is_told,
    "I2 what nobody knows": unknown_is_unknown,
    "I3 who decided": gated,
    "I4 on what": as_approved,
    "I5 after a no": stopped_is_stopped,
    "I6 clicks": heard,
    "I7 failing tasks": alive,
    "I8 secrets": secret,
    "I9 waiting for nobody": ended_or_waiting,
}
DUPLICATES, LOST = ("I1 duplicates",), ("I2 what is said", "I6 clicks")


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """What contradicts each invariant; nothing at all, of a system that keeps its word."""
    return {name: list(check(evidence)) for name, check in INVARIANTS.items()}


# What belongs to what


def _item(evidence: Evidence, effect: Effect) -> str:
    run = evidence.runs.get(effect.run)
    return run.item if run else effect.id


def _happened(evidence: Evidence, item: str) -> bool:
    return any(row.item == item for row in evidence.rows)


def _rows_of(evidence: Evidence, effect: Effect) -> list[Row]:
    item = _item(evidence, effect)
    return [row for row in evidence.rows if row.item == item and _is_of(row, effect)]


def _is_of(row: Row, effect: Effect) -> bool:
    """By its key; where the tool takes none, by the time in which that effect was open."""
    if row.key:
        return _has_key(row, effect)
    return effect.started <= row.at and (effect.closed is None or row.at <= effect.closed)


def _has_key(row: Row, effect: Effect) -> bool:
    """A label holds half of a key: labels are short."""
    return row.key == effect.key or row.key == f"handrail-{effect.key[:32]}"


def _approved_by(run: Run, gate: str | None, before: float) -> set[str]:
    return {
        signal.body["by"]["user"]
        for signal in run.signals
        if signal.name == "decide"
        and signal.body["gate"] == gate
        and signal.body["approve"]
        and signal.at <= before
    }


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
