"""What may be done, and who is asked."""

import pytest

from tests.workflows.far_end import ALICE, BOB, BY_BOB, CAROL, DEPLOY, LOOK, spec
from tests.workflows.samples import call, member
from workflows.rules import names, phrases
from workflows.rules.canonical import canonical
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
    unnamed,
    who_decides,
)
from workflows.values.base import CanonicalJson
from workflows.values.people import People
from workflows.values.spec import BreakGlass, Rule, RuleKind
from workflows.values.steps import PermittedRead

CALL = call()
LOOKING = CALL.model_copy(update={"tool": "fleet.look", "arguments": CanonicalJson("{}")})
FREE = Rule(name="free", then=RuleKind.ALLOW, environments=("staging",))
NEVER = Rule(name="never", then=RuleKind.REFUSE, tools=("fleet.*",), arguments={"version": "1.4.2"})


def test_the_first_rule_that_matches_wins():
    assert judge(CALL, DEPLOY, (FREE, BY_BOB, NEVER)) == NeedsApproval(
        BY_BOB, "fleet.deploy changes prod/checkout"
    )
    assert judge(CALL, DEPLOY, (FREE, NEVER, BY_BOB)) == Refused("the rule “never” does not allow it")
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


@pytest.mark.parametrize("environment", [None, "", [], {"name": "prod"}], ids=str)
def test_what_does_not_say_what_it_works_on_escapes_no_rule(environment):
    """The tool may take its default for it. A rule, a freeze or a lease would not know what that is."""
    everywhere = Rule(name="all", then=RuleKind.ALLOW)
    left_out = canonical({"service": "checkout"})
    given = canonical({"service": "checkout", "environment": environment})

    for arguments in (left_out, given):
        verdict = judge(CALL.model_copy(update={"arguments": arguments}), DEPLOY, (BY_BOB, everywhere))
        assert verdict == Refused(
            "fleet.deploy needs its argument environment, as a text or a number: by it is known what it works on"
        )


def test_what_is_read_has_to_say_where_only_if_a_rule_closes_something_by_name():
    inside = LOOK.model_copy(update={"environment": "{environment}"})
    closed = Rule(name="closed", then=RuleKind.REFUSE, tools=("fleet.look",), environments=("prod",))
    closing_no_reading = (
        BY_BOB,
        closed.model_copy(update={"then": RuleKind.ASK}),
        closed.model_copy(update={"tools": ()}),
        closed.model_copy(update={"tools": ("fleet.deploy",)}),
        closed.model_copy(update={"tools": ("fleet.deploy",), "environments": ()}),
    )

    assert judge(LOOKING, inside, closing_no_reading) == Allowed("reading", "it only reads")
    assert judge(LOOKING, inside, (closed,)) == Refused(
        "fleet.look needs its argument environment, as a text or a number: by it is known what it works on"
    )


def test_a_refusal_that_names_no_tool_speaks_of_changes_only():
    closed = Rule(name="closed", then=RuleKind.REFUSE)

    assert isinstance(judge(CALL, DEPLOY, (closed,)), Refused)
    assert judge(LOOKING, LOOK, (closed,)) == Allowed("reading", "it only reads")


def test_a_tool_that_is_not_the_agents_is_refused():
    assert judge(CALL, None, (BY_BOB,)) == Refused("fleet.deploy is not one of this agent's tools")


def test_arguments_that_are_no_object_are_refused():
    odd = CALL.model_copy(update={"arguments": CanonicalJson("[]")})
    assert judge(odd, DEPLOY, (BY_BOB,)) == Refused("the arguments of fleet.deploy are not an object")


def test_a_permit_to_read_names_the_rule_that_gave_it():
    assert permit_read(
        LOOKING, LOOK, Allowed("reading", "it only reads"), {"fleet.look": "d"}
    ) == PermittedRead(call=LOOKING, contract=LOOK, rule="reading", pins={"fleet.look": "d"})


def test_a_permit_to_read_can_not_be_made_for_an_effect():
    with pytest.raises(ValueError, match="needs an admission"):
        permit_read(CALL, DEPLOY, Allowed("reading", "it only reads"), {})


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
    assert unnamed(DEPLOY.model_copy(update={"target": "{a}/{c}", "environment": "{b}"}), arguments) == "c"
    assert unnamed(DEPLOY.model_copy(update={"target": "{a}", "environment": "{b}"}), arguments) == ""
    assert target_of(LOOK, CanonicalJson("{}")) == "fleet.look"


def test_numbers_and_truth_stand_in_a_name_as_they_are_sent_and_what_has_parts_does_not():
    arguments = canonical({"n": 7, "half": 0.5, "yes": True, "none": None, "list": ["x"], "parts": {"x": 1}})

    assert fill("{n}/{half}/{yes}/{none}/{list}/{parts}", arguments) == "7/0.5/true/?/?/?"


def test_steering_is_for_the_requester_the_approvers_and_the_stewards():
    assert may_steer(member(ALICE), ALICE, spec())
    assert may_steer(member(BOB), ALICE, spec())
    assert not may_steer(member(CAROL), ALICE, spec())
    stewarded = spec().model_copy(update={"stewards": People(users=("U0CAROL",))})
    assert may_steer(member(CAROL), ALICE, stewarded)


def test_those_who_may_approve_alone_in_an_emergency_decide_too():
    named = BreakGlass(people=People(users=("U0CAROL", "U0BOB")), channel="C0SECURITY")

    assert who_decides(BY_BOB) == BY_BOB.approvers
    assert who_decides(BY_BOB.model_copy(update={"break_glass": named})) == People(
        users=("U0BOB", "U0ALICE", "U0CAROL"), groups=("S0RELEASE",)
    )


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
