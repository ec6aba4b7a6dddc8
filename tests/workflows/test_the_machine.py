"""Whatever happens at a gate, in any order: `decide` and `admit` say what a second judge says (`oracle.py`)."""

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine as StateMachine
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, builds, integers, just
from hypothesis.strategies import sampled_from as one_of

from tests.workflows.far_end import ALICE, BOB, CAROL, MALLORY, TEAM
from tests.workflows.oracle import Against, Gate, permitted
from tests.workflows.samples import NOON, SHOWN, effect
from workflows.rules.admission import PEOPLE_FRESH, Drifted, Evidence, Held, Lapsed, Short, admit
from workflows.rules.approval import SKEW, Clicked, Counted, Edited, FellAway, Over, decide, emergencies
from workflows.rules.canonical import parse
from workflows.rules.digests import gate_digest
from workflows.values.approval import Admission, Approval, ApprovalState, Effect
from workflows.values.freeze import Frozen
from workflows.values.people import People, Person, PersonFacts, Standing
from workflows.values.signals import Decide, Edit
from workflows.values.spec import BreakGlass, Rule, RuleKind

# Where the judges differ, the shortest story that shows it is looked for.
pytestmark = pytest.mark.timeout(300)

MEMBER, RELEASE, ONCALL = Standing.MEMBER, ("S0RELEASE",), ("S0ONCALL",)
DAN, ERIN, GUS, BOT, GONE = (Person(team=TEAM, user=user) for user in ("DAN", "ERIN", "GUS", "BOT", "GONE"))
# On Enterprise Grid the same person comes with different teams.
ALICE_AWAY, BOB_AWAY = (person.model_copy(update={"team": "T0AWAY"}) for person in (ALICE, BOB))
APPROVING, NOT_APPROVING = (BOB, CAROL, DAN, ALICE, ERIN), (GUS, BOT, GONE, MALLORY, BOB_AWAY)
PEOPLE = APPROVING + NOT_APPROVING
ACCOUNTS = {
    BOB: (MEMBER, ()),
    ERIN: (MEMBER, ONCALL),
    GUS: (Standing.GUEST, RELEASE),
    BOT: (Standing.BOT, RELEASE),
    GONE: (Standing.DEACTIVATED, RELEASE),
    MALLORY: (Standing.OUTSIDER, RELEASE),
}
"""Of the others: `A_MEMBER`. None: nobody can look them up."""
A_MEMBER = (MEMBER, RELEASE)
NAMED = tuple(person.user for person in PEOPLE if person not in (CAROL, ERIN))
APPROVERS = [People(users=users, groups=groups) for users in (NAMED, ()) for groups in (RELEASE, ())]
ALONE = People(users=(ALICE.user, BOB.user, GONE.user), groups=ONCALL)
GLASSES = [BreakGlass(people=ALONE, channel="C0SECURITY", passes_freeze=passes) for passes in (True, False)]
RULES = builds(
    Rule,
    name=just("production"),
    then=just(RuleKind.ASK),
    approvers=one_of(APPROVERS[:3] + APPROVERS),
    quorum=integers(1, 3),
    four_eyes=booleans(),
    break_glass=one_of([None, *GLASSES, *GLASSES]),
    fresh_for=one_of([SKEW, timedelta(minutes=15)]),
    expires_after=one_of([timedelta(minutes=1), *2 * [timedelta(hours=1)]]),
)
CLICKS = [{"approve": yes, "reason": reason} for yes in (True, False) for reason in ("", "I looked")]
CLICKS.append({"approve": False, "break_glass": True, "reason": "no"})
A_CHANGE = '{"version":"1.4.3"}'
EDITS = {A_CHANGE: {"version": "1.4.3"}, '{"token":"x"}': {"token": "x"}, "{}": {}, "[]": {}, "{": None}
LEAVES = {"a voter is gone": None, "is a guest": (Standing.GUEST, RELEASE), "is in no group": (MEMBER, ())}
AT_ONCE, JUST = timedelta(0), timedelta(microseconds=1)
LATER = [AT_ONCE, AT_ONCE, SKEW, SKEW + JUST, PEOPLE_FRESH, PEOPLE_FRESH + JUST]
THEN = [*LATER, *LEAVES, "it waits", "a no comes late", "its card is confirmed"]
SELDOM = one_of(["nobody can be told", "with what it knows"])
THEN = one_of([AT_ONCE, AT_ONCE, *THEN]) | SELDOM
WHEN = {
    "now": lambda now, _deadline: now,
    "a little ahead": lambda now, _deadline: now + SKEW,
    "too far ahead": lambda now, _deadline: now + SKEW + JUST,
    "just in time": lambda now, deadline: min(now, deadline - JUST),
    "just too late": lambda now, deadline: min(now + SKEW, deadline),
}
WHILES = [None, None, SKEW, PEOPLE_FRESH, timedelta(minutes=15), JUST, timedelta(hours=1)]
FREEZES = [(), (Frozen(environment="prod", reason="it is Friday", since=NOON),)]
WHOLE, WANTED = one_of([True] * 6 + [False]), one_of([A_CHANGE, A_CHANGE, *EDITS])
A_BUTTON, A_TIME = one_of([0, 0, 0, 1, 2]), one_of(sorted(WHEN))
SOMEBODY = one_of(APPROVING * 2 + NOT_APPROVING)
SOME_ALONE = one_of([(ERIN, BOB), (BOB, ERIN), (ALICE, BOB), *((person,) for person in PEOPLE)])
ANSWERS = {
    *("click: open", "click: quorum", "click: rejected", "edit: superseded", "stale", "drifted"),
    *("end: approved", "end: expired", "end: superseded", "end: withdrawn", "untold: open", "untold: quorum"),
    *("admission", "admission alone", "admission past a freeze", "held: quorum, quorum"),
    *("short: open, open", "short: quorum, open", "short: quorum, quorum", "lapsed: because"),
    "lapsed: a freeze lasted longer than it did",
    "lapsed: it was approved, but for too long nothing let it be applied",
}
"""What counts, and what an admission can come to; who is refused is told what the oracle thinks of."""

effect = cache(effect)


class TheMachine(StateMachine):
    """A gate, the buttons of all before it, and the world around them."""

    seen: Counter[str] = Counter()
    """Every answer that was given."""
    considered: set[str] = set()
    """Every reason that the oracle thought of."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.running = NOON, "1.4.1"
        self.known: dict[Person, PersonFacts | None] = {}
        for person in PEOPLE:
            self.somebody_becomes(person, ACCOUNTS.get(person, A_MEMBER))
        self.gates: list[str] = []
        self.clicks: list[Decide] = []
        self.counted: list[Decide] = []

    @initialize(
        of=RULES, whole=WHOLE, by=one_of([ALICE, ALICE_AWAY]), slow=booleans(), freezes=one_of(FREEZES)
    )
    def somebody_asks(self, of, whole, by, slow, freezes) -> None:
        """Slow: it takes a while until the card is posted."""
        shown = SHOWN.model_copy(update={"complete": whole, "locked": ("token",)})
        self.terms = {"id": "1.1", "home_team": TEAM, "rule": of, "shown": shown}
        self.rule, self.asked, self.slow, self.freezes = of, (by,), slow, freezes
        self.open(effect("1.4.2", self.running), (by,))

    def open(self, about: Effect, requesters: tuple[Person, ...]) -> None:
        nonce = f"nonce {len(self.gates)}"
        gate = gate_digest(about, "run/1", "1.1", requesters, self.rule, self.terms["shown"], nonce)
        new = {"effect": about, "gate": gate, "nonce": nonce, "requesters": requesters, "opened_at": self.now}
        self.approval = Approval(**self.terms, **new)
        self.oracle, self.knocks = Gate(self.approval), 0
        self.gates.append(gate)
        self.wanted = parse(about.call.arguments)["version"]
        self.previewed = self.evidence = None
        if not self.slow:
            self.its_card_is_posted(late=False)

    def ask_again(self) -> None:
        self.open(effect(self.wanted, self.running), self.asked)

    # What people do

    @rule(button=A_BUTTON, by=SOMEBODY, when=A_TIME, says=one_of(CLICKS))
    def somebody_clicks(self, button, by, when, says) -> None:
        """On any card there ever was."""
        self.hear(Decide(**self.press(by, when, button), **says))

    @precondition(lambda self: self.clicks)
    @rule(which=integers(0, 7))
    def slack_repeats_a_click(self, which) -> None:
        self.hear(self.clicks[-1 - which % len(self.clicks)])

    @rule(first=integers(0, 4), then=THEN, alone=one_of([(), (ERIN,), (BOB, ERIN)]), after=THEN)
    def everybody_approves(self, first, then, alone, after) -> None:
        """And then perhaps somebody alone, who can't wait."""
        for by in APPROVING[first:] + APPROVING[:first]:
            if self.approval.state is ApprovalState.OPEN:
                self.hear(Decide(**self.press(by), approve=True))
        self.go_on(then)
        self.somebody_breaks_the_glass(alone, "it is down", after)

    @rule(by=SOME_ALONE, reason=one_of(["it is down", "it is down", " "]), then=THEN)
    def somebody_breaks_the_glass(self, by, reason, then) -> None:
        for each in by:
            self.hear(Decide(**self.press(each), approve=True, break_glass=True, reason=reason))
            self.go_on(then)

    def go_on(self, then: str | timedelta) -> None:
        """What often comes next, so that it is not left to chance alone."""
        votes = self.approval.votes
        if then in LEAVES and votes:
            self.somebody_becomes(votes[0].person, LEAVES[then])
        if then == "a no comes late" and votes:
            self.time_passes(by=None)
            self.hear(Decide(**self.press(votes[0].person, "just too late"), approve=False))
        if then == "nobody can be told" and emergencies(self.approval):
            self.its_channel_can_not_be_told()
        if then == "its card is confirmed" and self.is_unposted():
            self.its_card_is_posted(late=True)
        if then == "with what it knows" and self.evidence:
            self.the_run_would_apply_it()
        elif then != "it waits":
            self.the_run_looks(anew=True, applies=then if then in LATER else AT_ONCE)

    @rule(button=A_BUTTON, by=SOMEBODY, when=A_TIME, wanted=WANTED, approves=booleans())
    def somebody_edits(self, button, by, when, wanted, approves) -> None:
        """Then people are asked anew; the editor counts as one who asked."""
        edit, facts = Edit(**self.press(by, when, button), arguments=wanted), self.facts(by)
        against = self.oracle.edit(edit, EDITS[wanted], facts, self.now)
        if self.judge("edit", Edited(edit, facts, self.now), against):
            requesters = tuple(dict.fromkeys([*self.approval.requesters, by]))
            self.open(effect(EDITS[wanted]["version"], self.running), requesters)
            if approves:
                self.hear(Decide(**self.press(by), approve=True))

    def press(self, by: Person, when: str = "just in time", button: int = 0) -> dict[str, object]:
        """Button 0 is the newest gate's."""
        at = WHEN[when](self.now, self.approval.deadline or self.now + JUST)
        gate = self.gates[-1 - button % len(self.gates)]
        return {"delivery": "d", "by": by, "approval": "1.1", "gate": gate, "clicked_at": at}

    def facts(self, person: Person) -> PersonFacts:
        return self.known[person] or PersonFacts(person=person, standing=Standing.OUTSIDER, looked_up_at=NOON)

    def hear(self, click: Decide) -> None:
        self.clicks.append(click)
        facts = self.facts(click.by)
        if self.judge("click", Clicked(click, facts, self.now), self.oracle.click(click, facts, self.now)):
            self.counted.append(click)

    def judge(self, kind: str, event: Clicked | Edited | Over | FellAway, against: Against) -> bool:
        """Does it count? Whoever is told that it does not is told a reason, and it is true."""
        before = self.approval
        self.approval, outcome = decide(before, event)
        reasons = [why for why, so in against.items() if so]
        told = [why for why in reasons if why in outcome.text]
        if counts := isinstance(outcome, Counted):
            assert not reasons
            assert not before.state.ended, "what has ended stays as it ended"
            self.oracle.sees(self.approval)
        else:
            assert self.approval is before
            assert told, f"{outcome.text}, but it is {reasons}"
        self.seen.update(told or [f"{kind}: {self.approval.state.value}"])
        self.considered.update(against)
        self.knocks += before.state.ended
        if self.knocks == 3:
            # The planner proposes it again, so that there is something to decide.
            self.ask_again()
        return counts

    # What becomes of them, and of the gate

    @rule(person=SOMEBODY, account=one_of([*3 * [A_MEMBER], *ACCOUNTS.values(), None]))
    def somebody_becomes(self, person, account) -> None:
        facts = account and {"standing": account[0], "groups": account[1]}
        self.known[person] = facts and PersonFacts(person=person, looked_up_at=NOON, **facts)

    @rule(by=one_of(WHILES))
    def time_passes(self, by) -> None:
        """Until the deadline, where nothing else is said."""
        self.now = self.now + by if by else max(self.now, self.approval.deadline or self.now)

    def is_unposted(self) -> bool:
        return self.approval.deadline is None and not self.approval.state.ended

    @precondition(is_unposted)
    @rule(late=booleans())
    def its_card_is_posted(self, late) -> None:
        """Late: it stood there from the beginning, and that is only confirmed now."""
        deadline = (self.approval.opened_at if late else self.now) + self.rule.expires_after
        self.approval = self.approval.model_copy(update={"deadline": deadline})
        self.oracle.deadline = deadline

    @rule(needed=one_of([True, True, False]))
    def nobody_decides_or_needs_it(self, needed) -> None:
        if not needed:
            deadline = self.approval.deadline
            self.end(ApprovalState.EXPIRED if deadline and deadline <= self.now else ApprovalState.WITHDRAWN)

    def end(self, how: ApprovalState) -> None:
        self.judge("end", Over(how, "because", self.now), self.oracle.end(how.value))

    @precondition(lambda self: emergencies(self.approval))
    @rule()
    def its_channel_can_not_be_told(self) -> None:
        kept = tuple(vote for vote in self.approval.votes if not vote.break_glass)
        alone = [word for word in self.oracle.words() if word.alone]
        self.judge("untold", FellAway(kept), self.oracle.fall_away(alone))

    @rule(reset=one_of([False, False, True]))
    def the_run_is_continued(self, reset) -> None:
        """Or reset: then people are asked as at the beginning."""
        again = Approval.model_validate_json(self.approval.model_dump_json())
        assert again == self.approval
        self.approval = again
        if reset:
            self.open(effect("1.4.2", self.running), self.asked)

    # What would happen, and whether it may

    @rule(running=one_of(["1.4.1", "1.4.1", "1.4.0"]), freezes=one_of(FREEZES))
    def the_world_changes(self, running, freezes) -> None:
        self.running, self.freezes = running, freezes

    @rule(anew=booleans(), applies=one_of([None, *LATER]))
    def the_run_looks(self, anew, applies) -> None:
        """Whether it may be applied: so much later, or some time. Where it is over, it asks again."""
        if self.approval.state.ended:
            self.ask_again()
            return
        if anew or self.previewed is None:
            self.previewed = effect(self.wanted, self.running), self.now
        (about, at), votes = self.previewed, self.approval.votes
        people = dict.fromkeys(vote.person for vote in votes)
        voters = [facts for facts in (self.known[person] for person in people) if facts]
        shown = self.terms["shown"]
        self.evidence = Evidence(about.digest, shown, at, votes, voters, self.now, self.freezes)
        self.words = self.oracle.words()
        if applies is not None:
            self.now += applies
            self.the_run_would_apply_it()

    @precondition(lambda self: self.evidence)
    @rule()
    def the_run_would_apply_it(self) -> None:
        before, found = self.approval, admit(self.approval, self.evidence, self.now)
        answer = type(found).__name__.lower()
        assert answer == self.oracle.admit(self.evidence, self.words, self.now)
        match found:
            case Admission():
                permitted(found, before, self.evidence, self.counted)
                self.end(ApprovalState.APPROVED)
                answer += " past a freeze" if self.evidence.frozen else " alone" if found.break_glass else ""
            case Drifted():
                fresh = self.previewed[0]
                self.end(ApprovalState.SUPERSEDED)
                self.open(fresh, before.requesters)
            case Lapsed(after):
                assert after == before or not before.state.ended
                self.approval = after
                answer += f": {after.why}"
            case Short(after) | Held(after):
                self.approval = after
                answer += f": {before.state.value}, {after.state.value}"
        self.seen[answer] += 1

    @invariant()
    def both_see_the_same(self) -> None:
        self.oracle.sees(self.approval)


FRAME = settings(deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


def test_both_judges_say_the_same_whatever_happens():
    """About 27,000 steps with 21,000 decisions and 10,000 attempts at admission, in 24 s of CPU."""
    stories = settings(FRAME, max_examples=600, stateful_step_count=50)

    run_state_machine_as_test(TheMachine, settings=stories)


def test_whatever_can_be_answered_was_answered():
    """So that stories which lead nowhere are noticed. Each time the same; longer ones only where they are needed."""
    TheMachine.seen.clear()
    missing = ANSWERS

    for steps in range(20, 50, 5):
        if missing:
            stories = settings(FRAME, max_examples=250, stateful_step_count=steps, derandomize=True)
            run_state_machine_as_test(TheMachine, settings=stories)
            missing = (ANSWERS | TheMachine.considered) - set(TheMachine.seen)

    assert not missing
