"""The planner without a model: what it proposes, and what it says when it can't."""

import pytest

from tests.activities.runbooks import DEPLOY, LOOK, RUNBOOK, after, done, goal, with_steps
from workflows.rules.canonical import canonical, parse
from workflows.values.base import Json
from workflows.values.calls import (
    Called,
    CallResult,
    Ended,
    PlannedStep,
    ProposedCall,
    Thought,
    ThoughtKind,
)


def arguments_for(template: Json, *entries: Called) -> Json:
    """What an argument with this template becomes."""
    step = LOOK.model_copy(update={"id": "last", "arguments": {"it": template}})
    earlier = tuple(LOOK.model_copy(update={"id": entry.call.label}) for entry in entries)
    thought = after(goal(), *entries, runbook=with_steps(*earlier, step))
    assert thought.kind is ThoughtKind.CALLS, thought.text
    return parse(thought.calls[0].arguments)["it"]


def test_the_first_thought_is_the_first_step_with_the_plan_of_the_rest():
    assert after(goal()) == Thought(
        kind=ThoughtKind.CALLS,
        calls=(
            ProposedCall(
                tool="fleet.get_service",
                arguments='{"environment":"prod","service":"checkout"}',
                label="state",
                title="Look at checkout",
            ),
        ),
        plan=(PlannedStep(label="deployed", title="If needed: Deploy checkout 1.4.2"),),
    )


def test_a_parameter_left_out_of_the_goal_has_its_default():
    [call] = after(goal("deploy checkout 1.4.2")).calls

    assert parse(call.arguments)["environment"] == "staging"


def test_a_goal_that_fits_no_phrase_is_answered_with_the_phrases():
    assert after(goal("make it fast")) == Thought(
        kind=ThoughtKind.GIVE_UP,
        text=(
            "I can't read “make it fast”. What I understand: `deploy <service> <version> [to <environment>]`, "
            "or `ship <service> <version>`."
        ),
    )


def test_a_step_that_is_done_is_followed_by_the_next():
    [call] = after(goal(), done("state", structured={"version": "1.4.1"})).calls

    assert (call.label, parse(call.arguments)) == ("deployed", {"service": "checkout", "version": "1.4.2"})


def test_a_step_whose_condition_is_false_is_left_out():
    thought = after(goal(), done("state", structured={"version": "1.4.2"}))

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="checkout runs 1.4.2 already.")


def test_the_answer_is_filled_once_all_steps_are_done():
    thought = after(
        goal(), done("state", structured={"version": "1"}), done("deployed", Ended.APPLIED, text="ok")
    )

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="checkout runs 1.4.2 now.")


def test_a_revised_goal_starts_over():
    [call] = after(goal(), done("state"), goal("deploy search 2.0")).calls

    assert (call.label, call.title) == ("state", "Look at search")


def test_the_plan_leaves_out_what_is_known_to_be_left_out():
    only_prod = DEPLOY.model_copy(update={"id": "prod", "when": "environment == 'prod'"})
    runbook = with_steps(LOOK, DEPLOY, only_prod)

    thought = after(goal("deploy checkout 1.4.2 to staging"), runbook=runbook)

    assert [step.label for step in thought.plan] == ["deployed"]


def test_the_plan_shows_an_ellipsis_for_what_is_not_known_yet():
    step = DEPLOY.model_copy(update={"title": "Take {{ service }} from {{ state.version.name }} on"})

    [planned] = after(goal(), runbook=with_steps(LOOK, step)).plan

    assert planned.title == "If needed: Take checkout from … on"


@pytest.mark.parametrize(
    ("when", "if_it_fails_go_on", "shown"),
    [
        ("", False, "Check"),
        ("version == '1.4.2'", False, "Check"),
        ("state.version != version", False, "If needed: Check"),
        ("steps.state.well", False, "Check"),
        ("steps.state.well", True, "If needed: Check"),
        ("steps.state.well and state.version != version", False, "If needed: Check"),
        ("not steps.state.well", False, "If needed: Check"),
    ],
)
def test_a_step_of_which_it_is_not_known_yet_whether_it_comes_is_planned_as_one_if_needed(
    when, if_it_fails_go_on, shown
):
    look = LOOK.model_copy(update={"unless_failed": not if_it_fails_go_on})
    check = DEPLOY.model_copy(update={"title": "Check", "when": when})

    [planned] = after(goal(), runbook=with_steps(look, check)).plan

    assert planned.title == shown


def test_what_follows_a_step_that_may_be_left_out_is_no_surer_than_that():
    later = LOOK.model_copy(update={"id": "later", "title": "Check", "when": "steps.deployed.well"})
    runbook = with_steps(LOOK, DEPLOY, later)

    before = after(goal(), runbook=runbook).plan
    asked = after(goal(), done("state", structured={"version": "1.4.1"}), runbook=runbook).plan

    assert [step.title for step in before] == ["If needed: Deploy checkout 1.4.2", "If needed: Check"]
    assert [step.title for step in asked] == ["Check"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Restart {{ state.instances | length }} instances", "If needed: Restart … instances"),
        ("{% if state.ok %}Go on{% else %}Stop{% endif %}", "If needed: …"),
    ],
)
def test_the_plan_counts_and_decides_nothing_by_what_is_not_known_yet(title: str, shown: str):
    [planned] = after(goal(), runbook=with_steps(LOOK, DEPLOY.model_copy(update={"title": title}))).plan

    assert planned.title == shown


# How a step ended


@pytest.mark.parametrize(
    ("ended", "said", "sentence"),
    [
        (Ended.REJECTED, "rejected: not now", "“Ship it” was rejected, so I stopped there. not now"),
        (Ended.EXPIRED, "", "“Ship it” expired before it was decided on, so I stopped there."),
        (Ended.WITHDRAWN, "", "“Ship it” was withdrawn, so I stopped there."),
        (Ended.SUPERSEDED, "By Bob.", "“Ship it” was replaced, so I stopped there. By Bob."),
        (Ended.REFUSED, "By rule 7.", "“Ship it” is not allowed, so I stopped there. By rule 7."),
        (Ended.FAILED, "Boom.", "“Ship it” failed, so I stopped there. Boom."),
        (
            Ended.NOT_APPLIED,
            "Late.",
            "“Ship it” was not applied and changed nothing, so I stopped there. Late.",
        ),
        (Ended.UNKNOWN, "", "“Ship it” may have happened: nobody could tell, so I stopped there."),
    ],
)
def test_each_bad_end_of_a_step_ends_the_runbook_in_its_own_words(ended: Ended, said: str, sentence: str):
    thought = after(goal(), done("state", ended, text=said, title="Ship it"))

    assert thought == Thought(kind=ThoughtKind.GIVE_UP, text=sentence)


def test_how_a_discreet_step_ended_is_said_without_its_title_and_its_tools_words():
    step = done("state", Ended.FAILED, text="no such version: fence-7", title="Deploy fence-7")

    thought = after(goal(), step.model_copy(update={"discreet": True}))

    assert thought.text == "“any.tool” failed, so I stopped there."


def test_a_runbook_may_go_on_after_a_failure_and_look_at_it():
    step = LOOK.model_copy(update={"unless_failed": False})
    runbook = with_steps(step, answer="It {{ steps.state.ended }}: {{ steps.state.text }}")

    thought = after(goal(), done("state", Ended.FAILED, text="boom"), runbook=runbook)

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="It failed: boom")


def test_a_step_that_was_left_out_says_so():
    runbook = with_steps(LOOK.model_copy(update={"when": "false"}), answer="{{ steps.state.ended }}")

    assert after(goal(), runbook=runbook).text == "skipped"


# What templates make of values


def test_a_version_stays_a_text():
    assert arguments_for("{{ version }}") == "1.4.2"
    assert arguments_for("{{ it }}", done("it", structured="1.4")) == "1.4"


@pytest.mark.parametrize("value", [3, 1.5, True, None, ["a", {"b": 1}], {"c": []}])
def test_one_expression_alone_keeps_its_type(value: Json):
    assert arguments_for("{{ it.field }}", done("it", structured={"field": value})) == value


def test_an_expression_among_text_becomes_text():
    found = done("it", structured={"n": 3})

    assert arguments_for("{{ it.n }} and {{ it.n }}", found) == "3 and 3"
    assert arguments_for("{{ it.n }}!", found) == "3!"


def test_templates_stand_anywhere_inside_an_argument():
    assert arguments_for([{"deep": "{{ service }}"}, 7]) == [{"deep": "checkout"}, 7]


def test_a_step_without_structured_content_is_its_text():
    assert arguments_for("{{ it }}", done("it", text="plain")) == "plain"


def test_a_field_comes_before_a_method_of_the_same_name():
    assert arguments_for("{{ it.items }}", done("it", structured={"items": [1]})) == [1]


def test_what_a_tool_answered_is_never_read_as_a_template():
    assert arguments_for("{{ it.text }}", done("it", structured={"text": "{{ 7 * 7 }}"})) == "{{ 7 * 7 }}"
    assert arguments_for("<b>{{ it }}</b>", done("it", text="<i>")) == "<b><i></b>"


# Mistakes in a runbook end the run with a sentence


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ service.name }}", "'str object' has no attribute 'name'"),
        ("{{ service", "unexpected end of template"),
        ("{{ service + 1 }}", "TypeError: can only concatenate str"),
        ("{{ service.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ [].append(1) }}", "access to attribute 'append' of 'list' object is unsafe"),
        ("{{ [1] | map('string') }}", "generator has no JSON form"),
        ("a {{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
def test_a_template_that_fails_ends_the_run_and_names_the_step(template: str, complaint: str):
    step = LOOK.model_copy(update={"id": "bad", "arguments": {"it": template}})

    thought = after(goal(), runbook=with_steps(step))

    assert thought.kind is ThoughtKind.GIVE_UP
    assert thought.text.startswith("The step “bad” of this agent's runbook can't be prepared: ")
    assert complaint in thought.text


def test_a_condition_that_fails_ends_the_run():
    thought = after(goal(), runbook=with_steps(LOOK.model_copy(update={"when": "nobody.there"})))

    assert thought.kind is ThoughtKind.GIVE_UP
    assert "'nobody' is undefined" in thought.text


def test_an_answer_that_fails_says_that_all_steps_are_done():
    thought = after(goal(), runbook=with_steps(answer="{{ nobody }}"))

    assert thought == Thought(
        kind=ThoughtKind.GIVE_UP,
        text="All steps are done, but the answer of this agent's runbook can't be filled: 'nobody' is undefined.",
    )


def test_a_phrase_that_can_not_be_read_ends_the_run():
    thought = after(goal(), runbook=RUNBOOK.model_copy(update={"phrases": ("deploy <service",)}))

    assert thought.kind is ThoughtKind.GIVE_UP
    assert thought.text.startswith("This agent's runbook has a mistake: ")


def edited(to: Json, *, number: int = 1, **proposed: Json) -> Called:
    """The deployment, done with other arguments than the runbook's."""
    arguments = canonical(proposed or {"service": "checkout", "version": "1.4.2"})
    call = done("deployed", Ended.APPLIED).call.model_copy(
        update={"number": number, "arguments": canonical(to), "before_edits": arguments}
    )
    return Called(call=call, result=CallResult(call=number, ended=Ended.APPLIED, text="done"))


def test_what_people_made_of_a_parameter_counts_for_what_follows_and_in_the_answer():
    to = {"service": "checkout", "version": "1.4.3"}
    looked = done("state", structured={"version": "1.4.1"})
    later = LOOK.model_copy(update={"id": "later", "title": "See how {{ version }} does"})

    [call] = after(goal(), looked, edited(to), runbook=with_steps(LOOK, DEPLOY, later)).calls

    assert call.title == "See how 1.4.3 does"
    assert after(goal(), looked, edited(to)).text == "checkout runs 1.4.3 now."


@pytest.mark.parametrize(
    ("template", "to", "then"),
    [
        ("{{ version }}", {"version": 2}, "2"),
        ("{{ version }}", {}, "1.4.2"),
        ("v{{ version }}", {"version": "v1.4.3"}, "1.4.2"),
        ("{{ version | upper }}", {"version": "1.4.3"}, "1.4.2"),
    ],
)
def test_a_parameter_stays_a_text_and_what_is_more_than_one_parameter_says_nothing_of_it(template, to, then):
    step = DEPLOY.model_copy(update={"arguments": {"version": template}, "when": ""})
    runbook = with_steps(step, answer="{{ version }}")

    assert after(goal(), edited(to, version="1.4.2"), runbook=runbook).text == then


def test_an_edit_of_one_call_of_a_list_leaves_the_parameter_as_it_was():
    step = DEPLOY.model_copy(update={"for_each": "[1, 2]", "when": ""})
    one, other = (edited({"version": v}, number=n, version="1.4.2") for n, v in ((1, "1.4.3"), (2, "1.4.2")))

    assert after(goal(), one, other, runbook=with_steps(step, answer="{{ version }}")).text == "1.4.2"
