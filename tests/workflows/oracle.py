"""A second judge of approvals: the rules as the design puts them in prose, and nothing clever.

`Gate` keeps a log of what happened there, and works every answer out from the whole of it, each time. `permitted` looks
at nothing but an admission and what it rests on. They share values with the code that they are held against
(`test_the_machine.py`), and no judgement.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from workflows.rules.admission import Evidence
from workflows.values.approval import Admission, Approval
from workflows.values.people import People, PersonFacts
from workflows.values.signals import Decide, Edit

AHEAD = timedelta(seconds=30)
PEOPLE_ARE_KNOWN_FOR = timedelta(minutes=1)
OVER = {
    "approved": "already approved and",
    "rejected": "already rejected",
    "expired": "has expired",
    "superseded": "replaced by a newer",
    "withdrawn": "no longer needed",
}
"""How it can end, and a piece of what people are told then."""
Against = dict[str, bool]
"""What could speak against something, each a piece of what people are told, and whether it does. One is enough."""


class Entry(NamedTuple):
    """A person said `yes`, `no` or `alone`; or that `fell` away; or a freeze `held` it; or it was over."""

    what: str
    alone: bool = False
    user: str = ""
    at: datetime | None = None
    reason: str = ""
    facts: PersonFacts | None = None


@dataclass
class Gate:
    opened: Approval
    """As people were first asked: of this, only what never changes is read."""
    deadline: datetime | None = None
    log: list[Entry] = field(default_factory=list)

    def words(self) -> list[Entry]:
        """The last one of each person, alone and among others, where it did not fall away."""
        last: dict[tuple[str, bool], Entry] = {}
        for entry in self.log:
            if entry.user:
                last.pop((entry.user, entry.alone), None)
                last[entry.user, entry.alone] = entry
        return [entry for entry in last.values() if entry.what != "fell"]

    def state(self) -> str:
        ends = ["rejected" if entry.what == "no" else entry.what for entry in self.log]
        return next((end for end in ends if end in OVER), "quorum" if self._enough() else "open")

    def held(self) -> bool:
        """By a freeze, and no vote fell away since."""
        turns = [entry.what for entry in self.log if entry.what in ("held", "fell")]
        return turns[-1:] == ["held"] and self.state() not in OVER

    def sees(self, approval: Approval) -> None:
        """Asserts that *approval* is just so."""
        said = {(True, False): "yes", (True, True): "alone", (False, False): "no"}
        votes = [(said[vote.approve, vote.break_glass], vote.person.user) for vote in approval.votes]
        assert (approval.state, bool(approval.held)) == (self.state(), self.held())
        assert votes == [(entry.what, entry.user) for entry in self.words()]
        assert [vote.clicked_at for vote in approval.votes] == [entry.at for entry in self.words()]

    def _enough(self) -> bool:
        words = [entry.what for entry in self.words()]
        return "alone" in words or words.count("yes") >= self.opened.rule.quorum

    # What is said

    def click(self, click: Decide, facts: PersonFacts, now: datetime) -> Against:
        yes, alone = click.approve, click.break_glass
        said = "no" if not yes else "alone" if alone else "yes"
        words = [(entry.what, entry.user) for entry in self.words()]
        against = {
            **self._not_now(click, now, ever=not yes and self.state() == "quorum"),
            **self._not_by(facts, alone=alone),
            "Enough people": yes and self.state() == "quorum" and not (alone and self.held()),
            "could not be shown whole": yes and not self.opened.shown.complete,
            "needs a reason": alone and not (yes and click.reason.strip()),
            "already approved alone": alone and "alone" in [what for what, _ in words],
            "already decided on this": (said, click.by.user) in words,
        }
        return self._log(against, Entry(said, alone, click.by.user, click.clicked_at, click.reason, facts))

    def edit(self, edit: Edit, changes: dict[str, str] | None, facts: PersonFacts, now: datetime) -> Against:
        """*changes*: what it says, where that can be read."""
        rule, shown = self.opened.rule, self.opened.shown
        against = {
            **self._not_now(edit, now),
            **self._not_a_member(facts),
            "Only who asked": not self._asked(facts) and not _named(rule.approvers, facts),
            "can't be read": changes is None,
            "changes nothing": changes == {},
            "holds something masked": any(name in shown.locked for name in changes or {}),
        }
        return self._log(against, Entry("superseded"))

    def end(self, how: str) -> Against:
        return self._log(self._over(), Entry(how))

    def fall_away(self, words: list[Entry]) -> Against:
        return self._log(self._over(), *[word._replace(what="fell") for word in words])

    def _log(self, against: Against, *entries: Entry) -> Against:
        self.log += [] if any(against.values()) else entries
        return against

    def _over(self) -> Against:
        return {told: self.state() == end for end, told in OVER.items()}

    def _not_now(self, said: Decide | Edit, now: datetime, *, ever: bool = False) -> Against:
        """A no is never too late for what enough people have approved."""
        return self._over() | {
            OVER["superseded"]: said.gate != self.opened.gate or self.state() == "superseded",
            OVER["expired"]: (self._late(said.clicked_at) and not ever) or self.state() == "expired",
            "clock of the bot is ahead": said.clicked_at - now > AHEAD,
        }

    def _late(self, at: datetime) -> bool:
        return self.deadline is not None and at >= self.deadline

    def _not_a_member(self, facts: PersonFacts) -> Against:
        away = facts.person.team != self.opened.home_team or facts.standing == "outsider"
        return {
            "Only members of this workspace": away,
            "account may not decide": not away and facts.standing != "member",
        }

    def _not_by(self, facts: PersonFacts, *, alone: bool) -> Against:
        """An emergency is a rule of its own: it asks neither who asked for the change nor who its approvers are."""
        rule, glass = self.opened.rule, self.opened.rule.break_glass
        return self._not_a_member(facts) | {
            "no rule names an approver": not alone and rule.approvers == People(),
            "You asked for this change": not alone and rule.four_eyes and self._asked(facts),
            "not one of the approvers": not alone and not _named(rule.approvers, facts),
            "No rule lets you approve": alone and (glass is None or not _named(glass.people, facts)),
        }

    def _asked(self, facts: PersonFacts) -> bool:
        return facts.person.user in [person.user for person in self.opened.requesters]

    # May it be applied?

    def admit(self, found: Evidence, found_words: list[Entry], now: datetime) -> str:
        """What comes first is in the order of `tests/model/approval.pml`."""
        rule, glass, words = self.opened.rule, self.opened.rule.break_glass, self.words()
        too_old = now - found.previewed_at > rule.fresh_for or now - found.asked_at > PEOPLE_ARE_KNOWN_FOR
        entitled = [
            word
            for word in words
            for facts in found.voters
            if facts.person.user == word.user
            and not any(self._not_by(facts, alone=word.what == "alone").values())
            and not self._late(word.at)
        ]
        fallen = [word for word in words if word not in entitled]
        passes = glass is not None and glass.passes_freeze and "alone" in [word.what for word in words]
        if self.state() in OVER:
            return "lapsed"
        if words != found_words:
            return "stale"
        if self.deadline and now - self.deadline >= rule.fresh_for:
            self.log.append(Entry("expired"))
            return "lapsed"
        if too_old:
            return "stale"
        if fallen or not self._enough():
            self.fall_away(fallen)
            return "short"
        if found.effect != self.opened.effect.digest:
            return "drifted"
        if not found.frozen or passes:
            return "admission"
        self.log.append(Entry("expired" if self._late(now) else "held"))
        return "lapsed" if self._late(now) else "held"


def permitted(admission: Admission, gate: Approval, found: Evidence, clicks: list[Decide]) -> None:
    """Asserts that it rests on enough people who may decide, or on one in an emergency. *clicks*: all that counted."""
    rule, glass, now = gate.rule, gate.rule.break_glass, admission.admitted_at
    assert (admission.gate, admission.effect) == (gate.gate, gate.effect.digest)
    assert (found.effect, admission.fresh_for) == (admission.effect, rule.fresh_for)
    assert gate.deadline is None or now < gate.deadline + rule.fresh_for
    assert now - found.previewed_at <= rule.fresh_for
    assert now - found.asked_at <= PEOPLE_ARE_KNOWN_FOR
    voters = []
    for vote in admission.votes:
        [facts] = [facts for facts in found.voters if facts.person == vote.person]
        assert (facts.person.team, facts.standing) == (gate.home_team, "member")
        assert gate.deadline is None or vote.clicked_at < gate.deadline
        assert [
            click
            for click in clicks
            if (click.gate, click.by, click.clicked_at) == (gate.gate, vote.person, vote.clicked_at)
            and (click.approve, click.break_glass) == (True, vote.break_glass)
        ]
        assert _named(glass.people if vote.break_glass else rule.approvers, facts)
        voters.append(facts.person.user)
    alone = [vote for vote in admission.votes if vote.break_glass]
    assert admission.break_glass == bool(alone)
    assert not found.frozen or (alone and glass.passes_freeze)
    if alone:
        assert len(alone) == 1
        assert alone[0].reason.strip()
    else:
        assert len(set(voters)) >= rule.quorum
        assert not rule.four_eyes or not set(voters) & {person.user for person in gate.requesters}


def _named(people: People, facts: PersonFacts) -> bool:
    return facts.person.user in people.users or bool(set(facts.groups) & set(people.groups))
