"""Values for the views to draw."""

from datetime import UTC, datetime, timedelta

from tests.workflows.far_end import ALICE, BOB, DEPLOY
from workflows.rules.canonical import canonical
from workflows.values.approval import Approval, ApprovalState, Effect, Shown, Vote
from workflows.values.calls import Call
from workflows.values.people import People, PersonFacts, Place, Standing
from workflows.values.spec import Rule, RuleKind
from workflows.values.view import BudgetView, Question, RunState, RunView, StepState, StepView, UnknownOutcome

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RUN = "run/T0HOME/0123456789abcdef01234567"
RULE = Rule(name="production", then=RuleKind.ASK, approvers=People(users=("U0BOB",), groups=("S0RELEASE",)))


def vote(*, approve=True, reason="", person=BOB):
    facts = PersonFacts(person=person, standing=Standing.MEMBER, looked_up_at=NOON)
    return Vote(person=person, approve=approve, reason=reason, clicked_at=NOON, facts=facts)


def approval(text="checkout", state=ApprovalState.OPEN, shown=None, before=None, **changes):
    arguments = {"environment": "prod", "service": text, "version": "1.4.2"}
    made = Approval(
        id="4.1",
        effect=Effect(
            call=Call(
                tool="fleet.deploy", arguments=canonical(arguments), number=4, turn=2, reason=text, title=text
            ),
            contract=DEPLOY,
            target=f"prod/{text}",
            environment="prod",
            definition="d" * 64,
            precondition=canonical({"from": "1.4.1"}),
            digest="e" * 64,
            key="f" * 64,
            n=1,
        ),
        gate="a" * 64,
        nonce="n",
        rule=RULE,
        requesters=(ALICE,),
        home_team="T0HOME",
        shown=shown or Shown(content={"from": "1.4.1", "to": "1.4.2", "instances": ["a", "b"], "note": text}),
        before=before,
        opened_at=NOON,
        deadline=NOON + timedelta(hours=24),
        state=state,
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
