"""May it be applied now? An approval holds as long as all that it rests on: who gave it, what was seen, no freeze."""

from datetime import timedelta

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL
from tests.workflows.samples import NOON, SHOWN, approval, effect, member
from workflows.rules.admission import (
    Drifted,
    Evidence,
    Held,
    Lapsed,
    Short,
    Stale,
    admit,
    admit_by_rule,
    held_by,
)
from workflows.values.approval import Admission, Approval, ApprovalState, Vote
from workflows.values.freeze import Frozen
from workflows.values.people import People, Person
from workflows.values.spec import BreakGlass, Rule

SOON = NOON + timedelta(minutes=5)
INSTANT = timedelta(microseconds=1)
FELL_AWAY = "An approval fell away: somebody who gave it may not decide any more."
NIGHT = Frozen(environment="prod", reason="night", by_words="Dana", since=NOON)
STORM = Frozen(reason="storm", since=NOON)


def vote(person: Person, *, alone: bool = False) -> Vote:
    reason = "checkout is down" if alone else ""
    return Vote(
        person=person, approve=True, reason=reason, clicked_at=SOON, facts=member(person), break_glass=alone
    )


def approved(*votes: Vote, rule: Rule = BY_BOB) -> Approval:
    return approval(rule).model_copy(update={"votes": votes or (vote(BOB),), "state": ApprovalState.QUORUM})


def alone(*votes: Vote, passes_freeze: bool) -> Approval:
    """ALICE, who asked for it, approved it alone in an emergency."""
    named = BreakGlass(people=People(users=("U0ALICE",)), channel="C0SECURITY", passes_freeze=passes_freeze)
    rule = BY_BOB.model_copy(update={"break_glass": named})
    return approved(*votes, vote(ALICE, alone=True), rule=rule)


def evidence(about: Approval, **more: object) -> Evidence:
    seen = {"effect": effect().digest, "shown": SHOWN, "previewed_at": SOON, "asked_at": SOON}
    voters = [member(vote.person) for vote in about.votes]
    return Evidence(**{**seen, "votes": about.votes, "voters": voters, **more})


def admitted(approval: Approval, *, at=SOON) -> Admission:
    return Admission(
        effect=effect().digest,
        gate=approval.gate,
        rule="production",
        votes=approval.votes,
        admitted_at=at,
        fresh_for=approval.rule.fresh_for,
        break_glass=any(vote.break_glass for vote in approval.votes),
    )


def test_what_has_ended_stays_as_it_ended():
    rejected = approved().model_copy(update={"state": ApprovalState.REJECTED})

    assert admit(rejected, evidence(rejected), SOON) == Lapsed(rejected)


def test_what_could_not_be_applied_in_time_expires():
    enough = approved()
    last = enough.deadline + enough.rule.fresh_for
    fresh = {"previewed_at": last, "asked_at": last}

    assert admit(enough, evidence(enough, **fresh), last - INSTANT) == admitted(enough, at=last - INSTANT)
    assert admit(enough, evidence(enough, **fresh), last) == Lapsed(
        enough.model_copy(
            update={
                "state": ApprovalState.EXPIRED,
                "why": "it was approved, but for too long nothing let it be applied",
                "ended_at": last,
            }
        )
    )


def test_another_effect_than_the_approved_one_is_not_admitted():
    drifted = effect(running="1.4.3").digest

    assert admit(approved(), evidence(approved(), effect=drifted), SOON) == Drifted()


@pytest.mark.parametrize(
    "who_now",
    [[member(BOB), member(CAROL)], [member(BOB)]],
    ids=["no approver any more", "could not be looked up"],
)
def test_a_vote_falls_away_with_the_right_to_give_it(who_now):
    enough = approved(vote(BOB), vote(CAROL), rule=BY_BOB.model_copy(update={"quorum": 2}))

    assert admit(enough, evidence(enough, voters=who_now), SOON) == Short(
        enough.model_copy(update={"votes": (vote(BOB),), "state": ApprovalState.OPEN}), FELL_AWAY
    )


@pytest.mark.parametrize("at", [SOON, approval().deadline + BY_BOB.fresh_for], ids=["soon", "much later"])
def test_votes_that_changed_since_the_look_up_are_looked_up_first(at):
    before = approved()
    more = before.model_copy(update={"votes": (vote(BOB), vote(ALICE, alone=True))})
    fewer = before.model_copy(update={"votes": (), "state": ApprovalState.OPEN})

    assert admit(more, evidence(before), at) == Stale()
    assert admit(fewer, evidence(before), at) == Stale()


def test_a_preview_may_be_as_old_as_the_rule_says_and_not_a_moment_older():
    brief = approved(rule=BY_BOB.model_copy(update={"fresh_for": timedelta(minutes=5)}))
    last = SOON + timedelta(minutes=5)
    just_asked = evidence(brief, asked_at=last)

    assert admit(brief, just_asked, last) == admitted(brief, at=last)
    assert admit(brief, just_asked, last + INSTANT) == Stale()


def test_what_slack_said_of_the_voters_may_be_a_minute_old_and_not_a_moment_older():
    last = SOON + timedelta(minutes=1)

    assert admit(approved(), evidence(approved()), last) == admitted(approved(), at=last)
    assert admit(approved(), evidence(approved()), last + INSTANT) == Stale()


def test_whoever_approves_alone_is_admitted_alone_though_they_asked_for_it():
    emergency = alone(passes_freeze=False)

    assert admit(emergency, evidence(emergency), SOON) == admitted(emergency)


def test_with_too_few_approvals_nothing_is_admitted_though_all_of_them_stand():
    nobody = approval()
    assert admit(nobody, evidence(nobody), SOON) == Short(nobody, FELL_AWAY)


def test_where_one_approval_falls_away_and_the_others_suffice_it_is_told_before_it_is_admitted():
    both = alone(vote(BOB), passes_freeze=True)
    none_named = both.model_copy(update={"rule": BY_BOB})

    assert admit(none_named, evidence(none_named), SOON) == Short(
        none_named.model_copy(update={"votes": (vote(BOB),)}), FELL_AWAY
    )


def test_an_approval_from_after_the_deadline_does_not_count():
    just = approved().model_copy(update={"deadline": SOON + INSTANT})
    late = approved().model_copy(update={"deadline": SOON})

    assert admit(just, evidence(just), SOON) == admitted(just)
    assert admit(late, evidence(late), SOON) == Short(
        late.model_copy(update={"votes": (), "state": ApprovalState.OPEN}), FELL_AWAY
    )


def test_before_its_card_is_known_to_be_posted_it_has_no_deadline_to_miss():
    unposted = approved().model_copy(update={"deadline": None})

    assert admit(unposted, evidence(unposted), SOON) == admitted(unposted)
    assert admit(unposted, evidence(unposted, frozen=(STORM,)), SOON) == Held(
        unposted.model_copy(update={"held": "everything is frozen: storm"})
    )


def test_a_freeze_holds_what_was_approved_and_its_approvals_stand():
    assert admit(approved(), evidence(approved(), frozen=(NIGHT, STORM)), SOON) == Held(
        approved().model_copy(update={"held": "prod is frozen by Dana: night; everything is frozen: storm"})
    )


def test_a_freeze_that_lasts_until_the_deadline_ends_it():
    tomorrow = approval().deadline
    fresh = {"previewed_at": tomorrow, "asked_at": tomorrow, "frozen": (NIGHT,)}

    assert isinstance(admit(approved(), evidence(approved(), **fresh), tomorrow - INSTANT), Held)
    assert admit(approved(), evidence(approved(), **fresh), tomorrow) == Lapsed(
        approved().model_copy(
            update={
                "state": ApprovalState.EXPIRED,
                "why": "a freeze lasted longer than it did",
                "ended_at": tomorrow,
            }
        )
    )


def test_an_emergency_passes_a_freeze_only_where_its_rule_says_so():
    passing, waiting = alone(passes_freeze=True), alone(passes_freeze=False)

    assert admit(passing, evidence(passing, frozen=(NIGHT,)), SOON) == admitted(passing)
    assert admit(waiting, evidence(waiting, frozen=(NIGHT,)), SOON) == Held(
        waiting.model_copy(update={"held": "prod is frozen by Dana: night"})
    )


def test_a_rule_that_lets_emergencies_pass_a_freeze_lets_nothing_else_pass():
    ordinary = approved(rule=alone(passes_freeze=True).rule)

    assert isinstance(admit(ordinary, evidence(ordinary, frozen=(NIGHT,)), SOON), Held)


def test_what_a_rule_allows_waits_for_nobody_but_for_a_freeze():
    assert admit_by_rule(effect().digest, "free", (), SOON) == Admission(
        effect=effect().digest, gate=None, rule="free", votes=(), admitted_at=SOON
    )
    assert admit_by_rule(effect().digest, "free", (STORM,), SOON) is None


@pytest.mark.parametrize(
    ("frozen", "words"),
    [
        ((), ""),
        ((NIGHT,), "prod is frozen by Dana: night"),
        ((STORM,), "everything is frozen: storm"),
        ((STORM, NIGHT), "everything is frozen: storm; prod is frozen by Dana: night"),
    ],
)
def test_what_is_frozen_is_said_with_its_reason_and_by_whom(frozen, words):
    assert held_by(frozen) == words
