"""Values for the views to draw."""

from datetime import UTC, datetime, timedelta

from tests.workflows.far_end import ALICE, BOB
from workflows.rules.canonical import canonical
from workflows.values.approval import ApprovalState, Shown, Vote
from workflows.values.people import People, PersonFacts, Place, Standing
from workflows.values.spec import BreakGlass, Rule, RuleKind
from workflows.values.view import (
    Alert,
    AlertKind,
    ApprovalView,
    BudgetView,
    Question,
    RunState,
    RunView,
    StepState,
    StepView,
    UnknownOutcome,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RUN = "run/T0HOME/0123456789abcdef01234567"
RULE = Rule(name="production", then=RuleKind.ASK, approvers=People(users=("U0BOB",), groups=("S0RELEASE",)))
IN_EMERGENCIES = BreakGlass(people=People(users=("U0CAROL",)), channel="C0SECURITY")


def vote(*, approve=True, reason="", person=BOB, **changes):
    facts = PersonFacts(person=person, standing=Standing.MEMBER, looked_up_at=NOON)
    made = Vote(person=person, approve=approve, reason=reason, clicked_at=NOON, facts=facts)
    return made.model_copy(update=changes)


def shown(service="checkout", **changes):
    made = Shown(
        arguments=canonical({"environment": "prod", "service": service, "version": "1.4.2"}),
        content={"from": "1.4.1", "to": "1.4.2", "instances": ["a", "b"], "note": service},
    )
    return made.model_copy(update=changes)


def approval(text="checkout", state=ApprovalState.OPEN, **changes):
    made = ApprovalView(
        id="4.1",
        turn=2,
        tool="fleet.deploy",
        target=f"prod/{text}",
        environment="prod",
        claim=text,
        gate="a" * 64,
        rule=RULE,
        requesters=(ALICE,),
        shown=shown(text),
        slot="approval/4.1",
        opened_at=NOON,
        deadline=NOON + timedelta(hours=24),
        state=state,
    )
    return made.model_copy(update=changes)


def together(*made):
    """These approvals as the changes of one turn, on one card."""
    return [
        each.model_copy(update={"id": f"{number}.1", "gate": f"{number:064}", "slot": "changes/2/1"})
        for number, each in enumerate(made, 4)
    ]


def alert(kind=AlertKind.REMINDER, text="checkout", **changes):
    made = Alert(
        slot=f"alert/{kind.value}/4.1",
        kind=kind,
        approval="4.1",
        tool="fleet.deploy",
        target=f"prod/{text}",
        tell=RULE.approvers,
        deadline=NOON + timedelta(hours=24),
        at=NOON,
    )
    return made.model_copy(update=changes)


def unknown(text="checkout", **changes):
    made = UnknownOutcome(
        id="4.1",
        effect="f" * 64,
        tool="fleet.deploy",
        target=f"prod/{text}",
        arguments=canonical({"service": text}),
        sent_at=NOON,
        text=text,
        where_to_look=text,
    )
    return made.model_copy(update=changes)


def question(text="Go on?", **changes):
    made = Question(id="1", text=text, choices=(("more", "Go on"), ("stop", text or "Stop")))
    return made.model_copy(update=changes)


def view(text="deploy checkout", steps=3, state=RunState.WORKING, **changes):
    states = [StepState.COMPLETE, StepState.ERROR, StepState.SKIPPED, StepState.WAITING, StepState.PENDING]
    made = RunView(
        revision=3,
        run_id=RUN,
        name="deploy-checkout-7",
        goal=text,
        requester=ALICE,
        agent="deployer",
        place=Place(channel="C0OPS", thread_ts="10.1"),
        state=state,
        started_at=NOON,
        ended_at=NOON if state.ended else None,
        doing=text,
        steps=tuple(
            StepView(id=str(number), title=text[:1000] or "step", state=states[number % 5], note=text[:1000])
            for number in range(steps)
        ),
        result=text if state.ended else "",
        budget=BudgetView(
            steps_used=steps, steps_limit=50, working_used=timedelta(), working_limit=timedelta(minutes=30)
        ),
    )
    return made.model_copy(update=changes)


def buttons(card):
    return {
        element["text"]["text"]: element
        for block in card.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


def read_as_markup(value):
    """Whatever Slack may parse: mrkdwn, and titles whose kind is not documented."""
    if isinstance(value, list):
        return [text for each in value for text in read_as_markup(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    own += [value["title"]] if isinstance(value.get("title"), str) else []
    return own + [text for inner in value.values() for text in read_as_markup(inner)]
