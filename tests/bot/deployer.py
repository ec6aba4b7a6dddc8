"""The agent that the stories of the bot talk to."""

from tests.workflows.far_end import DEPLOY, LOOK
from workflows.values.people import People
from workflows.values.spec import AgentSpec, Rule, RuleKind, Runbook

AGENT = AgentSpec(
    name="deployer",
    description="Deploys services.",
    runbook=Runbook(
        phrases=("deploy <service> <version> [to <environment>]", "cancel <run> now"),
        defaults={"environment": "prod"},
        steps=(),
        answer="",
    ),
    tools=(LOOK, DEPLOY),
    rules=(Rule(name="production", then=RuleKind.ASK, approvers=People(users=("U0BOB", "U0ALICE"))),),
    examples=("deploy checkout 1.4.2 to prod", "deploy cart 2.0.0"),
)
