"""The agent that the stories of the bot talk to."""

from collections.abc import Callable

from tests.workflows.far_end import DEPLOY, LOOK
from workflows.values.calls import ProposedCall, Thought, ThoughtKind, Transcript
from workflows.values.people import People
from workflows.values.spec import AgentSpec, Rule, RuleKind, Runbook

AGENT = AgentSpec(
    name="deployer",
    description="Deploys services.",
    planner=Runbook(
        phrases=("deploy <service> <version> [to <environment>]", "cancel <run> now"),
        defaults={"environment": "prod"},
        steps=(),
        answer="",
    ),
    tools=(LOOK, DEPLOY),
    rules=(Rule(name="production", then=RuleKind.ASK, approvers=People(users=("U0BOB", "U0ALICE"))),),
    examples=("deploy checkout 1.4.2 to prod", "deploy cart 2.0.0"),
)


def at_once(*calls: ProposedCall) -> Callable[[Transcript], Thought]:
    """A planner that proposes all of these in one turn, and says how they ended."""

    def propose(transcript: Transcript) -> Thought:
        if done := transcript.since_goal():
            return Thought(
                kind=ThoughtKind.ANSWER, text=", ".join(sorted(each.result.ended.value for each in done))
            )
        return Thought(kind=ThoughtKind.CALLS, calls=calls)

    return propose
