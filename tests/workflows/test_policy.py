"""What may be done, and who is asked."""

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, DEPLOY, LOOK, spec
from tests.workflows.samples import call, member
from workflows.rules import names, phrases
from workflows.rules.policy import (
    NOBODY,
    Allowed,
    NeedsApproval,
    Refused,
    fill,
    judge,
    may_steer,
    permit_read,
    target_of,
)
from workflows.values.base import CanonicalJson
from workflows.values.people import People
from workflows.values.spec import Rule, RuleKind

CALL = call()
LOOKING = CALL.model_copy(update={"tool": "fleet.look", "arguments": CanonicalJson("{}")})
FREE = Rule(name="free", then=RuleKind.ALLOW, environments=("staging",))
NEVER = Rule(name="never", then=RuleKind.REFUSE, tools=("fleet.*",), arguments={"version": "1.4.2"})


def test_the_first_rule_that_matches_wins():
    assert isinstance(judge(CALL, DEPLOY, (FREE, BY_BOB, NEVER)), NeedsApproval)
    assert isinstance(judge(CALL, DEPLOY, (FREE, NEVER, BY_BOB)), Refused)
    assert judge(CALL, DEPLOY, (Rule(name="all", then=RuleKind.ALLOW),)) == Allowed(
        "all", "the rule “all” allows it"
    )


def test_an_effect_that_no_rule_matches_needs_an_approval_that_nobody_can_give():
    verdict = judge(CALL, DEPLOY, (FREE,))

    assert isinstance(verdict, NeedsApproval)
    assert verdict.rule == NOBODY
    assert not verdict.rule.approvers


def test_what_only_reads_is_never_asked_about_but_may_be_refused():
    assert judge(LOOKING, LOOK, (BY_BOB,)) == Allowed("reading", "it only reads")
    assert isinstance(
        judge(LOOKING, LOOK, (Rule(name="no", then=RuleKind.REFUSE, tools=("fleet.look",)),)), Refused
    )


def test_a_refusal_that_names_no_tool_speaks_of_changes_only():
    closed = Rule(name="closed", then=RuleKind.REFUSE)

    assert isinstance(judge(CALL, DEPLOY, (closed,)), Refused)
    assert judge(LOOKING, LOOK, (closed,)) == Allowed("reading", "it only reads")


def test_a_tool_that_is_not_the_agents_is_refused():
    assert judge(CALL, None, (BY_BOB,)) == Refused("fleet.deploy is not one of this agent's tools")


def test_arguments_that_are_no_object_are_refused():
    odd = CALL.model_copy(update={"arguments": CanonicalJson("[]")})
    assert isinstance(judge(odd, DEPLOY, (BY_BOB,)), Refused)


def test_a_permit_to_read_can_not_be_made_for_an_effect():
    with pytest.raises(ValueError, match="needs an admission"):
        permit_read(CALL, DEPLOY, Allowed("reading", "it only reads"))


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (Rule(name="r", then=RuleKind.ASK, tools=("fleet.dep*",)), True),
        (Rule(name="r", then=RuleKind.ASK, tools=("other.*",)), False),
        (Rule(name="r", then=RuleKind.ASK, environments=("prod",)), True),
        (Rule(name="r", then=RuleKind.ASK, targets=("prod/*",)), True),
        (Rule(name="r", then=RuleKind.ASK, targets=("staging/*",)), False),
        (Rule(name="r", then=RuleKind.ASK, arguments={"version": "1.4.2"}), True),
        (Rule(name="r", then=RuleKind.ASK, arguments={"version": None}), False),
        (Rule(name="r", then=RuleKind.ASK, arguments={"no_such": None}), False),
    ],
)
def test_a_rule_matches_by_tool_environment_target_and_arguments(rule, matches):
    verdict = judge(CALL, DEPLOY, (rule,))
    assert isinstance(verdict, NeedsApproval)
    assert (verdict.rule == rule) is matches


def test_a_template_is_filled_once_and_a_missing_argument_shows():
    arguments = CanonicalJson('{"a":"{b}","b":"x"}')
    assert fill("{a}/{c}", arguments) == "{b}/?"
    assert target_of(LOOK, CanonicalJson("{}")) == "fleet.look"


def test_steering_is_for_the_requester_the_approvers_and_the_stewards():
    assert may_steer(member(ALICE), ALICE, spec())
    assert may_steer(member(BOB), ALICE, spec())
    assert not may_steer(member(CAROL), ALICE, spec())
    stewarded = spec().model_copy(update={"stewards": People(users=("U0CAROL",))})
    assert may_steer(member(CAROL), ALICE, stewarded)


@pytest.mark.parametrize(
    ("phrase", "goal", "found"),
    [
        ("deploy <service> <version> [to <environment>]", "deploy checkout 1.4.2 to prod",
         {"service": "checkout", "version": "1.4.2", "environment": "prod"}),
        ("deploy <service> <version> [to <environment>]", "  Deploy  checkout 1.4.2 ",
         {"service": "checkout", "version": "1.4.2"}),
        ("why is <service> slow [in <environment>]", "Why is checkout slow in prod?",
         {"service": "checkout", "environment": "prod"}),
        ("report", "report.", {}),
        ("deploy <service> <version>", "deploy checkout", None),
        ("deploy <service> <version>", "deploy the checkout service 1.4.2", None),
        ("deploy <service> <version>", "redeploy checkout 1.4.2", None),
    ],
)  # fmt: skip
def test_a_goal_is_read_by_its_phrase(phrase, goal, found):
    assert phrases.match(phrase, goal) == found


@pytest.mark.parametrize("phrase", ["deploy <service", "a [b", "a [b [c]]", "a] b", "<a> <a>", "", "a b>"])
def test_a_phrase_that_can_not_be_read_is_refused(phrase):
    with pytest.raises(phrases.BadPhrase):
        phrases.pattern(phrase)


def test_a_run_is_named_after_what_it_does():
    assert (
        names.slug("roll back checkout in prod", "rollback", {"service": "checkout"}) == "rollback-checkout"
    )
    assert names.slug("please report on the fleet", "report", {}) == "report-fleet"
    assert names.slug("???", "diagnose", {}) == "diagnose"
    assert names.run_id("T1", "trigger") == names.run_id("T1", "trigger") != names.run_id("T2", "trigger")
