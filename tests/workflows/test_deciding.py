"""Who may decide, when, and what it leads to."""

from datetime import timedelta

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, MALLORY, break_glass, click, edit
from tests.workflows.samples import NOON, SHOWN, approval, effect, member
from workflows.rules.approval import Clicked, Counted, Edited, FellAway, NotCounted, Over, with_edit
from workflows.rules.approval import decide as judged
from workflows.rules.canonical import MAX_BYTES, canonical
from workflows.rules.digests import gate_digest
from workflows.values.approval import ApprovalState, Vote
from workflows.values.people import People, Standing
from workflows.values.spec import BreakGlass

SOON = NOON + timedelta(minutes=5)
EXPIRED = "This request has expired, so your click did not count."
REPLACED = (
    "This preview was replaced by a newer one, so your click did not count. Please look at the newest card."
)
ONLY_BOB = BY_BOB.model_copy(update={"approvers": People(users=("U0BOB",))})
TWO = BY_BOB.model_copy(update={"quorum": 2})
IN_EMERGENCY = BY_BOB.model_copy(
    update={"break_glass": BreakGlass(people=People(users=("U0ALICE", "U0CAROL")), channel="C0SECURITY")}
)


def decide(approval, decision, facts, now=None):
    """A click, judged when it was made."""
    return judged(approval, Clicked(decision, facts, now or decision.clicked_at))


def end(approval, state, why, now):
    return judged(approval, Over(state, why, now))[0]


def vote(facts, *, approve=True, reason=""):
    return Vote(person=facts.person, approve=approve, reason=reason, clicked_at=SOON, facts=facts)


def approved(of=None, *people):
    made = of or approval()
    for person in people or (BOB,):
        made, outcome = decide(made, click(made, person, at=SOON), member(person, "S0RELEASE"))
        assert isinstance(outcome, Counted)
    return made


def emergency(of, person):
    rule = of.rule.model_copy(update={"break_glass": IN_EMERGENCY.break_glass})
    made, outcome = decide(
        of.model_copy(update={"rule": rule}), break_glass(of, person, at=SOON), member(person)
    )
    assert isinstance(outcome, Counted)
    return made


def edited(of, facts, arguments='{"version":"1.4.3"}', at=SOON, without=()):
    """Somebody's edit, judged soon."""
    said = {"arguments": arguments, "without": without, "clicked_at": at}
    sent = edit(of, facts.person).model_copy(update=said)
    return judged(of, Edited(sent, facts, SOON))


def test_each_approval_is_kept_with_who_gave_it_and_says_how_many_are_missing():
    before = approval(TWO)
    by_bob, by_carol = vote(member(BOB)), vote(member(CAROL, "S0RELEASE"))

    first, missing = decide(before, click(before, BOB, at=SOON), by_bob.facts)
    second, enough = decide(first, click(first, CAROL, at=SOON), by_carol.facts)

    assert (first, missing) == (
        before.model_copy(update={"votes": (by_bob,)}),
        Counted("You approved it. 1 more to go."),
    )
    assert (second, enough) == (
        before.model_copy(update={"votes": (by_bob, by_carol), "state": ApprovalState.QUORUM}),
        Counted("You approved it."),
    )


def test_the_quorum_counts_people_not_clicks():
    once = approved(approval(TWO), BOB)
    again, outcome = decide(once, click(once, BOB, at=SOON), member(BOB))

    assert outcome == NotCounted("You have already decided on this.")
    assert again.state is ApprovalState.OPEN
    assert approved(again, CAROL).state is ApprovalState.QUORUM


@pytest.mark.parametrize(("reason", "why"), [("wait", "rejected: wait"), ("", "rejected")])
def test_one_rejection_ends_it_even_after_the_quorum(reason, why):
    enough = approved().model_copy(update={"held": "prod is frozen: night"})
    carol = member(CAROL, "S0RELEASE")

    rejected, outcome = decide(enough, click(enough, CAROL, approve=False, reason=reason, at=SOON), carol)

    assert outcome == Counted("You rejected it.")
    assert rejected == enough.model_copy(
        update={
            "votes": (*enough.votes, vote(carol, approve=False, reason=reason)),
            "state": ApprovalState.REJECTED,
            "ended_at": SOON,
            "why": why,
            "held": "",
        }
    )


def test_a_no_is_never_too_late_for_what_is_approved_and_not_yet_applied():
    enough = approved()
    late = enough.deadline + timedelta(minutes=5)

    rejected, _ = decide(enough, click(enough, BOB, approve=False, at=late), member(BOB))

    assert rejected.state is ApprovalState.REJECTED


def test_all_else_is_too_late_after_the_deadline():
    still_open, enough = approval(), approved()
    late = enough.deadline + timedelta(minutes=5)
    told = NotCounted(EXPIRED)

    rejection = click(still_open, BOB, approve=False, at=late)
    assert decide(still_open, rejection, member(BOB)) == (still_open, told)
    assert decide(enough, click(enough, BOB, at=late), member(BOB)) == (enough, told)
    assert edited(enough, member(ALICE), at=late) == (enough, told)


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


def test_a_click_from_a_clock_that_is_far_ahead_can_not_be_dated():
    before = approval()

    ahead = SOON + timedelta(seconds=30)

    _, near = decide(before, click(before, BOB, at=ahead), member(BOB), now=SOON)
    _, far = decide(before, click(before, BOB, at=ahead + timedelta(microseconds=1)), member(BOB), now=SOON)

    assert isinstance(near, Counted)
    assert far == NotCounted(
        "The clock of the bot is ahead of Temporal's, so your click could not be dated."
        " Please tell whoever runs it."
    )


def test_a_click_on_another_showing_of_the_same_effect_is_void():
    before, after_reset = approval(nonce="first"), approval(nonce="second")

    assert before.effect.digest == after_reset.effect.digest
    assert decide(after_reset, click(before, BOB, at=SOON), member(BOB)) == (
        after_reset,
        NotCounted(REPLACED),
    )


def test_what_can_not_be_shown_whole_can_not_be_approved():
    cut = approval().model_copy(update={"shown": SHOWN.model_copy(update={"complete": False})})

    _, approving = decide(cut, click(cut, BOB, at=SOON), member(BOB))
    rejected, _ = decide(cut, click(cut, BOB, approve=False, at=SOON), member(BOB))

    assert approving == NotCounted("The preview could not be shown whole, so it can't be approved.")
    assert rejected.state is ApprovalState.REJECTED


def test_nobody_has_to_approve_what_enough_people_approved():
    enough = approved(approval(IN_EMERGENCY))
    held = enough.model_copy(update={"held": "prod is frozen: night"})
    told = NotCounted("Enough people have already approved this.")

    assert decide(enough, click(enough, CAROL, at=SOON), member(CAROL, "S0RELEASE")) == (enough, told)
    assert decide(held, click(held, CAROL, at=SOON), member(CAROL, "S0RELEASE")) == (held, told)
    assert decide(enough, break_glass(enough, CAROL, at=SOON), member(CAROL)) == (enough, told)


def test_where_an_emergency_falls_away_the_votes_that_suffice_still_do():
    held = approved().model_copy(update={"held": "prod is frozen"})
    since = emergency(held, ALICE)

    assert judged(since, FellAway(held.votes)) == (
        since.model_copy(update={"votes": held.votes, "held": ""}),
        Counted("The other approvals suffice."),
    )


def test_where_too_few_are_left_it_is_open_again():
    enough = approved(approval(TWO), BOB, CAROL).model_copy(update={"held": "prod is frozen: night"})
    left = enough.votes[1:]

    assert judged(enough, FellAway(left)) == (
        enough.model_copy(update={"votes": left, "state": ApprovalState.OPEN, "held": ""}),
        Counted("It is open again."),
    )


def test_an_approval_stands_beside_the_emergency_of_the_same_person_and_outlives_it():
    first = approved(approval(TWO), CAROL)
    broken = emergency(first, CAROL)

    assert broken.votes == (*first.votes, broken.votes[-1])
    assert broken.state is ApprovalState.QUORUM
    assert judged(broken, FellAway(first.votes)) == (
        broken.model_copy(update={"votes": first.votes, "state": ApprovalState.OPEN}),
        Counted("It is open again."),
    )


def test_the_glass_is_broken_once():
    broken = emergency(approval(IN_EMERGENCY), ALICE).model_copy(update={"held": "prod is frozen"})

    again, outcome = decide(broken, break_glass(broken, CAROL, at=SOON), member(CAROL))

    assert (again, outcome) == (broken, NotCounted("This was already approved alone in an emergency."))


@pytest.mark.parametrize(
    "facts",
    [member(BOB), member(ALICE, standing=Standing.GUEST), member(MALLORY)],
    ids=lambda it: it.person.user,
)
def test_who_may_not_break_the_glass_is_told_why(facts):
    before = approval(IN_EMERGENCY)
    told = {
        BOB: "No rule lets you approve this alone in an emergency.",
        ALICE: "A guest account may not decide on this.",
        MALLORY: "Only members of this workspace may decide on this.",
    }

    after = decide(before, break_glass(before, facts.person, at=SOON), facts)

    assert after == (before, NotCounted(told[facts.person]))


def test_where_no_rule_names_anybody_for_emergencies_there_are_none():
    before = approval()

    assert decide(before, break_glass(before, ALICE, at=SOON), member(ALICE)) == (
        before,
        NotCounted("No rule lets you approve this alone in an emergency."),
    )


def test_breaking_the_glass_needs_a_reason_and_is_never_a_rejection():
    before = approval(IN_EMERGENCY)
    rejecting = break_glass(before, ALICE, at=SOON).model_copy(update={"approve": False})
    told = NotCounted("Approving alone in an emergency needs a reason.")

    assert decide(before, break_glass(before, ALICE, reason="  ", at=SOON), member(ALICE)) == (before, told)
    assert decide(before, rejecting, member(ALICE)) == (before, told)


def test_one_emergency_is_enough_where_two_people_would_have_been():
    enough = emergency(approval(TWO), ALICE)

    assert enough.state is ApprovalState.QUORUM


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ApprovalState.APPROVED, "This was already approved and is being applied."),
        (ApprovalState.REJECTED, "This was already rejected."),
        (ApprovalState.EXPIRED, EXPIRED),
        (ApprovalState.SUPERSEDED, REPLACED),
        (ApprovalState.WITHDRAWN, "This is no longer needed, so your click did not count."),
    ],
)
def test_what_has_ended_stays_ended(state, told):
    ended = end(approved(), state, "because", SOON)

    for event in (
        Clicked(click(ended, CAROL, at=SOON), member(CAROL, "S0RELEASE"), SOON),
        Edited(edit(ended, ALICE, service="search"), member(ALICE), SOON),
        Over(ApprovalState.APPROVED, "", SOON),
        FellAway(()),
    ):
        assert judged(ended, event) == (ended, NotCounted(told))


def test_its_end_is_kept_with_the_reason_and_when():
    held = approved().model_copy(update={"held": "prod is frozen: night"})

    assert judged(held, Over(ApprovalState.EXPIRED, "nobody decided in time", SOON)) == (
        held.model_copy(
            update={
                "state": ApprovalState.EXPIRED,
                "why": "nobody decided in time",
                "ended_at": SOON,
                "held": "",
            }
        ),
        Counted("nobody decided in time"),
    )


def test_nobody_may_decide_until_somebody_is_named():
    nobody = approval(BY_BOB.model_copy(update={"approvers": People()}))

    _, outcome = decide(nobody, click(nobody, BOB, at=SOON), member(BOB))

    assert outcome == NotCounted("Nobody may approve this: no rule names an approver for it.")


def test_a_click_counts_by_when_it_was_made_and_not_by_when_it_is_judged():
    """The clock that stamps clicks may be a little ahead of the one that judges them."""
    before = approval()
    in_time, late = (
        click(before, BOB, at=before.deadline + by) for by in (timedelta(seconds=-1), timedelta())
    )

    _, judged_later = decide(before, in_time, member(BOB), now=before.deadline + timedelta(hours=1))
    _, judged_before = decide(before, late, member(BOB), now=before.deadline - timedelta(seconds=10))

    assert isinstance(judged_later, Counted)
    assert judged_before == NotCounted(EXPIRED)


@pytest.mark.parametrize(
    ("run", "name"), [("run/2", "1.1"), ("run/1", "2.1")], ids=["of another run", "of another approval"]
)
def test_a_click_on_the_button_of_something_else_is_void(run, name):
    """Also where it would do the very same, under the same rule, and was shown alike."""
    ours = approval()
    gate = gate_digest(effect(), run, name, ours.requesters, ours.rule, ours.shown, ours.nonce)
    theirs = ours.model_copy(update={"gate": gate})

    assert decide(ours, click(theirs, BOB, at=SOON), member(BOB)) == (ours, NotCounted(REPLACED))


# Edits


@pytest.mark.parametrize("person", [ALICE, BOB], ids=["who asked", "an approver"])
def test_an_edit_replaces_what_was_asked(person):
    before = approval(ONLY_BOB)

    assert edited(before, member(person)) == (
        before.model_copy(
            update={
                "state": ApprovalState.SUPERSEDED,
                "why": "its arguments were edited",
                "ended_at": SOON,
            }
        ),
        Counted("its arguments were edited"),
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (member(CAROL), "Only who asked for this change and its approvers may edit it."),
        (member(MALLORY), "Only members of this workspace may decide on this."),
        (member(ALICE, standing=Standing.GUEST), "A guest account may not decide on this."),
    ],
)
def test_who_may_not_edit_is_told_why(facts, why):
    before = approval(ONLY_BOB)

    assert edited(before, facts) == (before, NotCounted(why))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("{}", "The edit changes nothing."),
        ("[]", "The edit changes nothing."),
        ('["version"]', "The edit changes nothing."),
        ('{"a":1,"a":2}', "The edited arguments can't be read: the key 'a' stands there twice."),
        ('{"version":"1","token":"new"}', "token holds something masked, so it can't be edited."),
    ],
)
def test_an_edit_that_can_not_be_made_says_why(arguments, why):
    masked = approval().model_copy(update={"shown": SHOWN.model_copy(update={"locked": ("token",)})})

    assert edited(masked, member(ALICE), arguments) == (masked, NotCounted(why))


def test_an_edit_may_leave_out_what_is_not_masked():
    call = approval().effect.call.model_copy(update={"arguments": canonical({"a": 1, "b": 2, "c": 3})})
    assert with_edit(call, {"a": 4}, ["b"]) == canonical({"a": 4, "c": 3})

    masked = approval().model_copy(update={"shown": SHOWN.model_copy(update={"locked": ("token",)})})
    said = NotCounted("token holds something masked, so it can't be edited.")
    assert edited(masked, member(ALICE), "{}", without=("token",)) == (masked, said)
    after, outcome = edited(masked, member(ALICE), "{}", without=("other",))
    assert (after.state, outcome) == (ApprovalState.SUPERSEDED, Counted("its arguments were edited"))


def test_an_edit_is_as_large_as_what_is_sent():
    half = "x" * (MAX_BYTES // 2)
    full = approval()
    call = full.effect.call.model_copy(update={"arguments": canonical({"old": half})})
    full = full.model_copy(update={"effect": full.effect.model_copy(update={"call": call})})
    replaced = canonical({"new": half})

    assert isinstance(edited(full, member(ALICE), replaced)[1], NotCounted)
    assert edited(full, member(ALICE), replaced, without=("old",))[1] == Counted("its arguments were edited")


def test_an_edit_that_makes_it_too_large_to_be_sent_says_so():
    before = approval()
    note = "x" * (MAX_BYTES - len('{"note":""}'))

    assert edited(before, member(ALICE), '{"note":"' + note + '"}') == (
        before,
        NotCounted("The edited arguments can't be sent: larger than 1048576 bytes."),
    )
    assert edited(before, member(ALICE), '{"note":"' + note[200:] + '"}')[1] == Counted(
        "its arguments were edited"
    )


def test_an_edit_of_an_older_card_is_void():
    before, after_reset = approval(nonce="first"), approval(nonce="second")
    sent = edit(before, ALICE, version="1.4.3")

    assert judged(after_reset, Edited(sent, member(ALICE), SOON)) == (after_reset, NotCounted(REPLACED))
