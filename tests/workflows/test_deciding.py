"""Who may decide, when, and what an approval still rests on when it is carried out."""

from datetime import timedelta

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, MALLORY, click
from tests.workflows.samples import NOON, SHOWN, approval, effect, member
from workflows.rules.approval import Counted, Drifted, Evidence, Lapsed, NotCounted, Short, admit, decide, end
from workflows.values.approval import Admission, ApprovalState
from workflows.values.people import People, Standing

SOON = NOON + timedelta(minutes=5)
TWO = BY_BOB.model_copy(update={"quorum": 2})


def approved(of=None, *people):
    made = of or approval()
    for person in people or (BOB,):
        made, outcome = decide(made, click(made, person, at=SOON), member(person, "S0RELEASE"))
        assert isinstance(outcome, Counted)
    return made


def test_the_quorum_counts_people_not_clicks():
    once = approved(approval(TWO), BOB)
    again, outcome = decide(once, click(once, BOB, at=SOON), member(BOB))

    assert outcome == NotCounted("You have already decided on this.")
    assert again.state is ApprovalState.OPEN
    assert approved(again, CAROL).state is ApprovalState.QUORUM


def test_one_rejection_ends_it_even_after_the_quorum():
    enough = approved()

    rejected, outcome = decide(
        enough, click(enough, CAROL, approve=False, reason="wait", at=SOON), member(CAROL, "S0RELEASE")
    )

    assert isinstance(outcome, Counted)
    assert (rejected.state, rejected.why) == (ApprovalState.REJECTED, "rejected: wait")


def test_whoever_approved_may_think_again_and_reject():
    enough = approved()

    rejected, _ = decide(enough, click(enough, BOB, approve=False, at=SOON), member(BOB))

    assert rejected.state is ApprovalState.REJECTED
    assert [(vote.person, vote.approve) for vote in rejected.votes] == [(BOB, False)]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (member(ALICE), "You asked for this change, so somebody else has to decide on it."),
        (member(CAROL), "You are not one of the approvers for this change."),
        (member(MALLORY), "Only members of this workspace may decide on this."),
        (member(BOB, standing=Standing.OUTSIDER), "Only members of this workspace may decide on this."),
        (member(BOB, standing=Standing.GUEST), "A guest account may not decide on this."),
        (member(BOB, standing=Standing.BOT), "A bot account may not decide on this."),
        (member(BOB, standing=Standing.DEACTIVATED), "A deactivated account may not decide on this."),
    ],
)
def test_who_may_not_decide_is_told_why(facts, why):
    before = approval()

    after, outcome = decide(before, click(before, facts.person, at=SOON), facts)

    assert (after, outcome) == (before, NotCounted(why))


def test_an_approver_may_approve_their_own_request_only_where_the_rule_says_so():
    relaxed = approval(BY_BOB.model_copy(update={"four_eyes": False}))

    after, _ = decide(relaxed, click(relaxed, ALICE, at=SOON), member(ALICE))

    assert after.state is ApprovalState.QUORUM


def test_the_deadline_is_compared_with_the_time_of_the_click():
    before = approval()

    _, in_time = decide(
        before, click(before, BOB, at=before.deadline - timedelta(microseconds=1)), member(BOB)
    )
    _, late = decide(before, click(before, BOB, at=before.deadline), member(BOB))

    assert isinstance(in_time, Counted)
    assert isinstance(late, NotCounted)


def test_a_click_on_another_showing_of_the_same_effect_is_void():
    before, after_reset = approval(nonce="first"), approval(nonce="second")

    same, outcome = decide(after_reset, click(before, BOB, at=SOON), member(BOB))

    assert before.effect.digest == after_reset.effect.digest
    assert same.state is ApprovalState.OPEN
    assert isinstance(outcome, NotCounted)
    assert "replaced" in outcome.text


def test_what_can_not_be_shown_whole_can_not_be_approved():
    cut = approval().model_copy(update={"shown": SHOWN.model_copy(update={"complete": False})})

    _, approving = decide(cut, click(cut, BOB, at=SOON), member(BOB))
    rejected, _ = decide(cut, click(cut, BOB, approve=False, at=SOON), member(BOB))

    assert isinstance(approving, NotCounted)
    assert rejected.state is ApprovalState.REJECTED


def evidence(*voters, of=None):
    return Evidence(effect=(of or effect()).digest, shown=SHOWN, voters=voters or (member(BOB),))


def test_what_was_approved_and_still_holds_is_admitted():
    admission = admit(approved(), evidence(), SOON)

    assert isinstance(admission, Admission)
    assert (admission.effect, admission.gate) == (effect().digest, approval().gate)
    assert [vote.person for vote in admission.votes] == [BOB]


def test_another_effect_than_the_approved_one_is_not_admitted():
    assert admit(approved(), evidence(of=effect(running="1.4.3")), SOON) == Drifted()


def test_a_vote_falls_away_with_the_right_to_give_it():
    enough = approved(approval(TWO), BOB, CAROL)

    short = admit(enough, evidence(member(BOB), member(CAROL)), SOON)

    assert isinstance(short, Short)
    assert (short.approval.state, [vote.person for vote in short.approval.votes]) == (
        ApprovalState.OPEN,
        [BOB],
    )


def test_a_voter_nobody_could_look_up_does_not_count():
    assert isinstance(
        admit(approved(), Evidence(effect=effect().digest, shown=SHOWN, voters=()), SOON), Short
    )


@pytest.mark.parametrize(
    "state",
    [ApprovalState.REJECTED, ApprovalState.WITHDRAWN, ApprovalState.EXPIRED, ApprovalState.SUPERSEDED],
)
def test_what_has_ended_stays_ended(state):
    ended = end(approved(), state, "because", SOON)

    assert admit(ended, evidence(), SOON) == Lapsed(ended)
    assert end(ended, ApprovalState.APPROVED, "", SOON) == ended
    _, outcome = decide(ended, click(ended, CAROL, at=SOON), member(CAROL, "S0RELEASE"))
    assert isinstance(outcome, NotCounted)


def test_nobody_may_decide_until_somebody_is_named():
    nobody = approval(BY_BOB.model_copy(update={"approvers": People()}))

    _, outcome = decide(nobody, click(nobody, BOB, at=SOON), member(BOB))

    assert outcome == NotCounted("Nobody may approve this: no rule names an approver for it.")
