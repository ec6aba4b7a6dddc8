"""A step of a runbook that is done for each of a list."""

import pytest

from activities.runbook import MOST_ITEMS
from tests.activities.runbooks import LOOK, after, done, goal, with_steps
from workflows.rules.canonical import canonical, parse
from workflows.values.base import Json
from workflows.values.calls import Call, Called, CallResult, Ended, PlannedStep, Thought, ThoughtKind
from workflows.values.spec import RunbookStep

LIST = RunbookStep(id="found", title="List", call="fleet.list_services", arguments={})
EACH = RunbookStep(
    id="restarts",
    title="Restart {{ item.name }}",
    call="fleet.restart",
    arguments={"service": "{{ item.name }}"},
    for_each="found.services",
)
FOUND = {"services": [{"name": "checkout"}, {"name": "search"}, {"name": "payments"}]}


def restarted(number: int, service: str, ended: Ended = Ended.APPLIED, text: str = "") -> Called:
    call = Call(
        number=number,
        turn=2,
        tool="fleet.restart",
        arguments=canonical({"service": service}),
        label="restarts",
        title=f"Restart {service}",
    )
    structured = {"done": service} if ended is Ended.APPLIED else None
    return Called(call=call, result=CallResult(call=number, ended=ended, text=text, structured=structured))


def after_list(*entries: Called, found: Json = FOUND, answer: str = "Done.", **changes: object) -> Thought:
    runbook = with_steps(LIST, EACH.model_copy(update=changes), answer=answer)
    return after(goal(), done("found", structured=found), *entries, runbook=runbook)


def test_a_step_for_each_item_is_as_many_calls_of_one_turn():
    thought = after_list()

    assert [(call.tool, call.label, call.title, parse(call.arguments)) for call in thought.calls] == [
        ("fleet.restart", "restarts", f"Restart {name}", {"service": name})
        for name in ("checkout", "search", "payments")
    ]
    assert thought.plan == ()


def test_a_condition_leaves_out_single_items():
    thought = after_list(when="item.name != 'search'")

    assert [call.title for call in thought.calls] == ["Restart checkout", "Restart payments"]


@pytest.mark.parametrize(
    ("found", "changes"), [({"services": []}, {}), (FOUND, {"when": "item.name == 'nothing'"})]
)
def test_a_step_for_each_of_none_is_left_out(found: Json, changes: dict):
    thought = after_list(
        found=found, answer="{{ steps.restarts.ended }} {{ steps.restarts.each | length }}", **changes
    )

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="skipped 0")


def test_the_answers_are_a_list_in_the_order_of_the_items_whichever_ended_first():
    thought = after_list(
        *(restarted(3, "search"), restarted(4, "payments"), restarted(2, "checkout")),
        answer="{{ restarts | map(attribute='done') | join(' ') }} {{ steps.restarts.ended }} {{ steps.restarts.well }}",
    )

    assert thought == Thought(kind=ThoughtKind.ANSWER, text="checkout search payments applied True")


def test_an_item_that_did_not_end_well_ends_the_runbook_which_says_what_was_done():
    thought = after_list(
        restarted(2, "checkout"),
        restarted(3, "search", Ended.REJECTED, "rejected: not during the sale"),
        restarted(4, "payments", Ended.NOT_APPLIED, "It is busy."),
    )

    assert thought == Thought(
        kind=ThoughtKind.GIVE_UP,
        text=(
            "1 of 3 done: “Restart checkout”. I stopped there.\n"
            "“Restart search” was rejected: not during the sale\n"
            "“Restart payments” was not applied and changed nothing: It is busy."
        ),
    )


def test_where_no_item_was_done_that_is_said():
    thought = after_list(
        restarted(2, "checkout", Ended.EXPIRED), restarted(3, "search", Ended.UNKNOWN), found=FOUND
    )

    assert thought.text == (
        "None of 2 is known to be done. I stopped there.\n"
        "“Restart checkout” expired before it was decided on.\n"
        "“Restart search” may have happened: nobody could tell."
    )


def test_a_list_of_one_ends_in_the_words_of_one():
    thought = after_list(restarted(2, "checkout", Ended.REJECTED, "rejected: no"))

    assert thought.text == "“Restart checkout” was rejected, so I stopped there. no"


def test_a_runbook_may_go_on_and_look_at_each_item():
    each = (
        "{% for each in steps.restarts.each %}{{ each.arguments.service }}: {{ each.ended }}"
        "{{ ', ' ~ each.text if not each.well }}; {% endfor %}"
    )
    thought = after_list(
        restarted(2, "checkout"),
        restarted(3, "search", Ended.REJECTED, "no"),
        unless_failed=False,
        answer=each + "{{ steps.restarts.ended }} {{ steps.restarts.well }} {{ restarts }}",
    )

    assert thought.text == (
        "checkout: applied; search: rejected, no; rejected False [{'done': 'checkout'}, 'no']"
    )


def test_a_list_of_many_is_not_begun():
    most = {"services": [{"name": str(number)} for number in range(MOST_ITEMS)]}
    too_many = {"services": [*most["services"], {"name": "one more"}]}

    assert len(after_list(found=most).calls) == MOST_ITEMS
    assert after_list(found=too_many) == Thought(
        kind=ThoughtKind.GIVE_UP,
        text=(
            "The step “restarts” of this agent's runbook can't be prepared: it comes to 51 calls, and at most 50 "
            "are made at once."
        ),
    )


@pytest.mark.parametrize(
    ("for_each", "complaint"),
    [
        ("found", "`for_each` has to be a list, and found is a dict"),
        ("service", "`for_each` has to be a list, and service is a str"),
        ("none", "`for_each` has to be a list, and none is a NoneType"),
        ("found.services | selectattr('name')", "is a generator: end it with `| list`"),
        ("found.hosts", "'dict object' has no attribute 'hosts'"),
        ("nobody", "'nobody' is undefined"),
    ],
)
def test_what_is_no_list_ends_the_run_and_names_the_step(for_each: str, complaint: str):
    thought = after_list(for_each=for_each)

    assert thought.kind is ThoughtKind.GIVE_UP
    assert thought.text.startswith("The step “restarts” of this agent's runbook can't be prepared: ")
    assert complaint in thought.text


def test_a_list_known_to_be_empty_is_no_line_of_the_plan():
    look = LOOK.model_copy(update={"id": "looked"})
    runbook = with_steps(LIST, look, EACH)

    plans = [
        after(goal(), done("found", structured={"services": services}), runbook=runbook).plan
        for services in (FOUND["services"], [])
    ]

    assert [[step.label for step in plan] for plan in plans] == [["restarts"], []]


def test_a_list_that_is_not_known_yet_is_one_line_of_the_plan():
    [planned] = after(goal(), runbook=with_steps(LIST, EACH)).plan

    assert planned == PlannedStep(label="restarts", title="Restart …")
