"""The oracle of `make chaos` sees what it is there to see: planted faults, without any process."""

from dataclasses import replace

import pytest

from tests.chaos.deployment import ALICE, BOB, GUS, ONE, OPEN, Goal
from tests.chaos.evidence import Delivery, Effect, Evidence, Run, Signal
from tests.chaos.oracle import INVARIANTS, judge
from tests.chaos.truth import AT_MOST_ONCE, IDEMPOTENT, Row

ORDER = Goal("item-00001", IDEMPOTENT, "shelf-1", ONE, "C0CHAOS01", ALICE)
SEND = Goal("item-00002", AT_MOST_ONCE, "shelf-2", OPEN, "C0CHAOS02", ALICE)
RUN, EFFECT, KEY, GATE = "run/T/order", "effect/key-1", "key-1", "gate-1"
SENT_RUN, SENT = "run/T/send", "effect/key-2"


def effect(name: str, run: str, goal: Goal, gate: str | None) -> Effect:
    contract = {"effect_class": goal.effect_class}
    what = {
        "key": name.removeprefix("effect/"),
        "digest": "d",
        "contract": contract,
        "call": {"arguments": goal.arguments},
    }
    order = {"effect": what, "admission": {"effect": "d", "gate": gate}}
    outcome = {"state": "applied", "by": None}
    return Effect(name, run, order, decided=10.0, started=10.0, closed=20.0, outcome=outcome)


def approval(who: str) -> Signal:
    said = {"gate": GATE, "approve": True, "by": {"user": who}, "delivery": f"click/1.0/approve/T/{who}/5.0"}
    return Signal("decide", said, 9.0)


def click(who: str) -> Delivery:
    action = {"action_id": "approve", "action_ts": "5.0", "value": f'{{"run": "{RUN}"}}'}
    where = {"channel": {"id": ORDER.channel}, "container": {"message_ts": "1.0"}}
    payload = {"type": "block_actions", "user": {"id": who}, "actions": [action], **where}
    return Delivery("interactive", payload, at=9.0, outcome="acknowledged")


@pytest.fixture
def evidence() -> Evidence:
    """Two runs as they should be: one that Bob approved, and one that a rule allows."""
    done = {"state": "done", "changes": [{"certain": True}]}
    told = [{"what": "applied", "at": "1970-01-01T00:00:20+00:00", "refs": {}}]
    return Evidence(
        goals={goal.item: goal for goal in (ORDER, SEND)},
        rows=[
            Row(1, IDEMPOTENT, ORDER.item, KEY, ORDER.arguments, "{}", 15.0),
            Row(2, AT_MOST_ONCE, SEND.item, "", SEND.arguments, "{}", 15.0),
        ],
        runs={
            RUN: Run(RUN, ORDER.item, [approval(BOB)], 1.0, 21.0, done, told),
            SENT_RUN: Run(SENT_RUN, SEND.item, [], 1.0, 21.0, done, told),
        },
        effects={EFFECT: effect(EFFECT, RUN, ORDER, GATE), SENT: effect(SENT, SENT_RUN, SEND, None)},
        deliveries=[click(BOB)],
    )


def found(evidence: Evidence) -> set[str]:
    return {name for name, contradictions in judge(evidence).items() if contradictions}


def test_nothing_is_held_against_what_went_well(evidence):
    assert found(evidence) == set()


def test_a_second_row_is_a_duplicate(evidence):
    evidence.rows = [*evidence.rows, evidence.rows[1]._replace(id=3)]
    assert found(evidence) == {"I1 duplicates"}


def test_what_is_said_to_be_applied_must_have_happened(evidence):
    evidence.rows = evidence.rows[:1]
    assert found(evidence) == {"I2 what is said"}


def test_what_is_said_not_to_be_applied_must_not_have_happened(evidence):
    evidence.effects[SENT].outcome = {"state": "not_applied", "by": None}
    assert found(evidence) == {"I2 what is said"}


def test_what_happened_without_an_effect_that_was_open_is_seen(evidence):
    evidence.rows = [evidence.rows[0], evidence.rows[1]._replace(at=20.5)]
    assert found(evidence) == {"I2 what is said", "I2 what is told"}


def test_what_happened_and_is_not_in_the_audit_is_seen(evidence):
    evidence.runs[RUN].audit = [{"what": "rejected", "at": "1970-01-01T00:00:20+00:00", "refs": {}}]
    assert found(evidence) == {"I2 what is told"}


def test_an_unknown_that_is_reported_as_applied_is_seen_though_it_happened(evidence):
    evidence.effects[SENT].lost = True
    assert found(evidence) == {"I2 what nobody knows"}


def test_an_unknown_that_no_card_asks_about_is_seen(evidence):
    evidence.effects[SENT].lost = evidence.effects[SENT].told = True
    evidence.effects[SENT].outcome = {"state": "applied", "by": {"user": BOB}}
    assert found(evidence) == {"I2 what nobody knows"}
    evidence.asked = {SENT_RUN}
    assert found(evidence) == set()


@pytest.mark.parametrize("who", [ALICE, GUS, "U0EVE"])
def test_the_word_of_the_requester_a_guest_or_a_stranger_does_not_count(evidence, who):
    evidence.runs[RUN].signals = [approval(who)]
    evidence.deliveries = [click(who)]
    assert found(evidence) == {"I3 who decided", "I5 after a no"}


def test_an_approval_of_another_gate_does_not_count(evidence):
    evidence.effects[EFFECT].order["admission"]["gate"] = "gate-2"
    assert found(evidence) == {"I3 who decided"}


def test_other_bytes_than_the_approved_ones_are_seen(evidence):
    evidence.rows = [evidence.rows[0]._replace(arguments='{"item":"item-00001"}'), evidence.rows[1]]
    assert found(evidence) == {"I4 on what"}


def test_an_effect_after_a_rejection_is_seen(evidence):
    rejected = {"what": "rejected", "at": "1970-01-01T00:00:09+00:00", "refs": {"gate": GATE}}
    evidence.runs[RUN].audit.insert(0, rejected)
    assert found(evidence) == {"I5 after a no"}


def test_an_effect_that_was_started_after_the_cancel_is_seen(evidence):
    evidence.runs[RUN].audit.append({"what": "cancelled", "at": "1970-01-01T00:00:09+00:00", "refs": {}})
    assert found(evidence) == {"I5 after a no"}


def test_an_effect_after_the_end_of_its_run_is_seen(evidence):
    evidence.runs[SENT_RUN].closed = 14.0
    assert found(evidence) == {"I5 after a no"}


def test_an_acknowledged_click_that_is_in_no_history_is_lost(evidence):
    lost = click(BOB)
    lost.payload["actions"][0]["action_ts"] = "6.0"
    evidence.deliveries.append(lost)
    assert found(evidence) == {"I6 clicks"}
    evidence.deliveries[-1] = replace(lost, outcome="timeout")
    assert found(evidence) == set()


def test_an_acknowledged_command_without_a_run_is_lost(evidence):
    who = {"team_id": "T", "user_id": ALICE, "channel_id": "C", "trigger_id": "1.2.3", "text": "order"}
    evidence.deliveries.append(Delivery("slash_commands", who, at=1.0, outcome="acknowledged"))
    assert found(evidence) == {"I6 clicks"}


def test_a_workflow_task_that_keeps_failing_is_seen(evidence):
    evidence.effects[SENT].broken = ["a workflow task at attempt 7"]
    assert found(evidence) == {"I7 failing tasks"}


def test_a_secret_in_another_place_is_seen(evidence):
    evidence.leaks = ["bot.log"]
    assert found(evidence) == {"I8 secrets"}


def test_a_run_that_waits_for_nobody_is_seen(evidence):
    run = evidence.runs[RUN]
    run.closed, run.view = None, {"doing": "Thinking", "approvals": [], "unknowns": [], "questions": []}
    assert found(evidence) == {"I9 waiting for nobody"}
    run.view["approvals"] = [{"state": "open"}]
    assert found(evidence) == set()


def test_an_effect_or_a_lease_that_nobody_waits_for_is_seen(evidence):
    evidence.leases = {"target/1": SENT}
    assert found(evidence) == {"I9 waiting for nobody"}


def test_every_invariant_says_what_it_promises():
    assert [check.__doc__[:2] for check in INVARIANTS.values()] == [name[:2] for name in INVARIANTS]
