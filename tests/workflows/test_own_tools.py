"""A run that waits on purpose: for a time, for an event, for a person's answer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from activities import runbook
from tests.workflows.far_end import (
    ALICE,
    BOB,
    CAROL,
    DEPLOY,
    MALLORY,
    answer,
    cancel,
    click,
    deploy,
    look,
    revise,
    spec,
    words,
)
from workflows.rules import own_tools
from workflows.rules.canonical import canonical, parse
from workflows.rules.names import mailbox_id
from workflows.values.calls import ProposedCall, Thought, ThoughtKind
from workflows.values.events import Contents
from workflows.values.people import Person
from workflows.values.run import RunSummary
from workflows.values.signals import Event
from workflows.values.spec import Runbook, RunbookStep
from workflows.values.view import AuditRow, RunState, StepState, WaitKind

GITHUB = Person(team="github", user="octo")


def own(tool, **arguments):
    return ProposedCall(tool=f"handrail.{tool}", arguments=canonical(arguments), label=tool)


def wait(**arguments):
    return own("wait_until", **arguments)


def event(key, delivery="d/1", source="github", **facts):
    return Event(delivery=f"{key}/{delivery}", by=GITHUB, source=source, key=key, facts=facts)


def wait_for(key, within="2h", **where):
    return own("wait_for_event", source="github", key=key, where=where, within=within)


def ask(question="Which version?", **more):
    return own("ask_person", question=question, **more)


def telling(*turns):
    """A planner that makes one call after the other, however they end, and then says what it was told."""

    def propose(transcript):
        done = transcript.since_goal()
        if len(done) < len(turns):
            return Thought(kind=ThoughtKind.CALLS, calls=(turns[len(done)],))
        told = [
            f"{each.result.ended.value} {each.result.text} {canonical(each.result.structured)}"
            for each in done
        ]
        return Thought(kind=ThoughtKind.ANSWER, text="\n".join(told))

    return propose


def together(*calls):
    def propose(transcript):
        if not transcript.since_goal():
            return Thought(kind=ThoughtKind.CALLS, calls=calls)
        return telling()(transcript)

    return propose


async def waits(far_end, run, kind):
    """The first view in which *run* waits for something of that kind."""
    return await far_end.seen(
        run,
        lambda view: view.state is RunState.WAITING and [each for each in view.waits if each.kind is kind],
    )


async def continued(far_end, run):
    """Strangers answer what nobody asked until the first execution of *run* has given way to another, whose view this is."""
    for _ in range(40):
        await run.signal("answer", answer("none", "x", MALLORY))
    await far_end.continued(run)
    far_end.views.clear()
    await run.signal("answer", answer("none", "x", MALLORY))
    return await far_end.seen(run, lambda _: True)


async def mailbox(temporal, key):
    handle = temporal.client.get_workflow_handle(mailbox_id("github", key))
    return handle, await handle.query("contents", result_type=Contents)


# A time


@pytest.mark.recorded
async def test_waiting_for_a_while_takes_no_working_time_and_people_see_until_when(with_planner, temporal):
    far_end = await with_planner(telling(wait(**{"for": "3h"})))
    run = await far_end.start("a-while")
    view = await waits(far_end, run, WaitKind.TIME)

    [shown] = view.waits
    assert shown.until - shown.since == timedelta(hours=3)
    assert view.doing == f"Waiting until {shown.until:%Y-%m-%d %H:%M} UTC"
    assert [(step.state, step.note) for step in view.steps] == [(StepState.WAITING, "")]
    await temporal.fast_forward(run, timedelta(hours=3))
    result = await run.result()

    assert result.text.startswith("ok It is ")
    assert '"waited":true' in result.text
    view = far_end.views[run.id]
    assert view.waits == ()
    assert view.budget.working_used < timedelta(minutes=1)


async def test_a_time_that_is_past_is_not_waited_for(with_planner):
    past = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    far_end = await with_planner(telling(wait(at=past)))
    run = await far_end.start("past")

    result = await run.result()

    assert result.text.startswith(f"ok {past} is past already, so nothing was waited for.")
    assert '"waited":false' in result.text


async def test_a_time_is_waited_for_in_its_own_zone(with_planner, temporal):
    later = (datetime.now(UTC) + timedelta(hours=5)).astimezone(timezone(timedelta(hours=9))).isoformat()
    far_end = await with_planner(telling(wait(at=later)))
    run = await far_end.start("zoned")
    view = await waits(far_end, run, WaitKind.TIME)
    assert view.waits[0].until == datetime.fromisoformat(later)
    await temporal.fast_forward(run, timedelta(hours=6))

    assert (await run.result()).state is RunState.DONE


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (wait(), "handrail.wait_until can't be called like that: expected either at or for."),
        (wait(**{"for": "soon"}), "for: expected a duration such as 30s, 15m, 24h or 7d."),
        (wait(**{"for": "9" * 30 + "w"}), "for: expected a duration such as"),
        (wait(**{"for": "31d"}), "for: at most 30 days can be waited for."),
        (wait(at="2026-11-26T15:00:00"), "at: expected a time with its zone, such as"),
        (wait(at=7), "at: expected a time with its zone, such as"),
        (own("wait_for_event", source="github"), "key: it is needed."),
        (own("wait_for_event", source="../x", key="k"), "source: expected a name of small letters"),
        (wait_for("k", conclusion=None), "where.conclusion: expected a text, or a list of texts"),
        (ask(" "), "question: String should have at least 1 character."),
        (ask(options=["only"]), "expected no options, or two and more that differ."),
        (ask(who="everybody"), "who: Input should be 'steering' or 'requester'."),
        (ask(approve=True), "approve: there is no such argument."),
        (own("ask_person", question="x").model_copy(update={"arguments": "[]"}), "can't be called like that"),
    ],
)
def test_arguments_that_do_not_fit_are_told_with_what_is_wrong(call, why):
    said = own_tools.problem(call.tool, parse(call.arguments))

    assert said.startswith(f"{call.tool} can't be called like that: ")
    assert why in said


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (wait(), "handrail.wait_until can't be called like that: expected either at or for."),
        (wait(at="9999-12-31T23:59:59-12:00"), "is too far away: at most 30 days can be waited for."),
    ],
    ids=["neither", "too far"],
)
async def test_a_planner_is_told_what_is_wrong_with_its_arguments(with_planner, call, why):
    far_end = await with_planner(telling(call))
    run = await far_end.start(f"wrong-{len(call.arguments)}")

    result = await run.result()

    assert result.text.startswith("failed ")
    assert why in result.text


async def test_an_agent_has_only_those_tools_that_it_was_given(with_planner):
    far_end = await with_planner(telling(ask()))
    run = await far_end.start("not-given", spec().model_copy(update={"own_tools": ("handrail.wait_until",)}))

    assert "refused handrail.ask_person is not one of this agent's tools" in (await run.result()).text


@pytest.mark.recorded
async def test_a_wait_goes_on_in_the_next_execution_of_its_run(with_planner, temporal):
    far_end = await with_planner(telling(wait(**{"for": "3h"})))
    run = await far_end.start("a-longer-while")
    before = await waits(far_end, run, WaitKind.TIME)

    await temporal.fast_forward(run, timedelta(hours=1))
    after = await continued(far_end, run)
    assert (after.state, after.waits) == (RunState.WAITING, before.waits)
    await temporal.fast_forward(run, timedelta(hours=2, minutes=1))

    assert '"waited":true' in (await run.result()).text


async def test_whoever_cancels_ends_the_wait(with_planner):
    far_end = await with_planner(telling(wait(**{"for": "20d"})))
    run = await far_end.start("cancelled-wait")
    await waits(far_end, run, WaitKind.TIME)

    await run.signal("cancel", cancel(ALICE, "enough"))
    result = await run.result()

    assert (result.state, result.text) == (RunState.CANCELLED, "enough")
    rows = await run.query("audit", result_type=list[AuditRow])
    assert "handrail.wait_until: It is no longer waited for: the run was cancelled." in [
        row.text for row in rows if row.what == "withdrawn"
    ]


async def test_another_goal_ends_the_wait_and_is_worked_on(with_planner):
    far_end = await with_planner(
        lambda transcript: (
            telling(look())(transcript)
            if transcript.goal == "look instead"
            else telling(wait_for("revised"))(transcript)
        )
    )
    run = await far_end.start("revised-wait")
    await waits(far_end, run, WaitKind.EVENT)

    await run.signal("revise", revise("look instead", ALICE))
    result = await run.result()

    assert result.text == "ok runs 1.4.1 null"
    rows = await run.query("audit", result_type=list[AuditRow])
    assert "handrail.wait_for_event: It is no longer waited for: the goal was changed." in [
        row.text for row in rows if row.what == "withdrawn"
    ]


# An event


@pytest.mark.recorded
async def test_an_event_ends_the_wait_and_its_facts_are_told(with_planner, temporal):
    far_end = await with_planner(telling(wait_for("acme/shop#12", conclusion=["success", "failure"])))
    run = await far_end.start("event")
    far_end.runs.append(mailbox_id("github", "acme/shop#12"))
    view = await waits(far_end, run, WaitKind.EVENT)
    assert view.doing.startswith("Waiting for github: acme/shop#12, until ")
    assert [step.note for step in view.steps] == ["github: acme/shop#12"]

    await far_end.happens(event("acme/shop#12", conclusion="success", sha="c0ffee"))
    result = await run.result()

    assert result.text == (
        'ok github: acme/shop#12 happened. {"facts":{"conclusion":"success","sha":"c0ffee"},"happened":true}'
    )
    summary = await (await run.describe()).memo_value("handrail_status", type_hint=RunSummary)
    assert summary.state is RunState.DONE


async def test_what_came_before_the_run_waits_counts_once_also_delivered_twice(with_planner, temporal):
    """Two waits of one run: each takes a delivery of its own, in the order in which they came."""
    far_end = await with_planner(telling(wait_for("early"), wait_for("early"), wait_for("early")))
    for delivery in ("d/1", "d/2", "d/1"):
        await far_end.happens(event("early", delivery, n=delivery))

    run = await far_end.start("early")
    view = await far_end.seen(run, lambda view: len(view.steps) == 3 and view.state is RunState.WAITING)
    assert [step.state.value for step in view.steps] == ["complete", "complete", "waiting"]
    await temporal.fast_forward(run, timedelta(hours=2))

    first, second, third = (await run.result()).text.splitlines()
    assert '"n":"d/1"' in first
    assert '"n":"d/2"' in second
    assert '"happened":false' in third


async def test_what_does_not_fit_now_is_not_lost_to_a_later_wait(with_planner, temporal):
    """They come in any order: the failure first, while the run waits for a success."""
    far_end = await with_planner(
        telling(wait_for("mixed", conclusion="success"), wait_for("mixed", conclusion="failure"))
    )
    run = await far_end.start("mixed")
    await waits(far_end, run, WaitKind.EVENT)
    await far_end.happens(event("mixed", "d/2", conclusion="failure"))
    await far_end.happens(event("mixed", "d/1", conclusion="success"))

    first, second = (await run.result()).text.splitlines()

    assert '"conclusion":"success"' in first
    assert '"conclusion":"failure"' in second


async def test_one_event_ends_one_wait(with_planner, temporal):
    far_end = await with_planner(together(wait_for("shared"), wait_for("shared")))
    run = await far_end.start("shared")
    await far_end.seen(run, lambda view: len(view.waits) == 2)

    await far_end.happens(event("shared", "d/1"))
    await far_end.seen(run, lambda view: len(view.waits) == 1)
    await far_end.happens(event("shared", "d/1"))
    await far_end.happens(event("shared", "d/2"))

    assert (await run.result()).text.count('"happened":true') == 2


async def test_an_event_that_never_comes_is_said_to_have_not_happened(with_planner, temporal):
    far_end = await with_planner(telling(wait_for("never", "90m")))
    run = await far_end.start("never")
    await waits(far_end, run, WaitKind.EVENT)

    await far_end.happens(event("another"))
    await temporal.fast_forward(run, timedelta(minutes=91))
    result = await run.result()

    assert result.text == (
        'ok Nothing that fits was heard of github: never within 1h30m. {"facts":{},"happened":false}'
    )


async def test_an_event_reaches_the_next_execution_of_its_run(with_planner):
    far_end = await with_planner(telling(wait_for("continued")))
    run = await far_end.start("continued-event")
    await waits(far_end, run, WaitKind.EVENT)

    await continued(far_end, run)
    await far_end.happens(event("continued"))

    assert '"happened":true' in (await run.result()).text


async def test_a_change_may_be_decided_while_an_event_is_awaited(with_planner):
    far_end = await with_planner(together(deploy(), wait_for("beside")))
    run = await far_end.start("beside")

    await run.signal("decide", click(await far_end.asked(run), BOB))
    await far_end.until(lambda: far_end.applied)
    await far_end.happens(event("beside"))

    assert (await run.result()).changes[0].tool == DEPLOY.name


# A runbook

SHIP = Runbook(
    phrases=("deploy <service>",),
    steps=(
        RunbookStep(
            id="ci",
            title="Wait for the checks of {{ service }}",
            call="handrail.wait_for_event",
            arguments={"source": "github", "key": "ship/{{ service }}", "where": {"kind": "check"}},
        ),
        RunbookStep(
            id="sure",
            title="Ask",
            call="handrail.ask_person",
            arguments={"question": "{{ ci.facts.conclusion }}: go on?", "options": ["yes", "no"]},
            when="ci.happened and ci.facts.conclusion != 'success'",
        ),
        RunbookStep(
            id="bake",
            title="Let it bake",
            call="handrail.wait_until",
            arguments={"for": "1h30m"},
            when="sure.answer == 'yes'",
        ),
    ),
    answer="{{ sure.by }} said {{ sure.answer }}, and it was {% if not bake.waited %}not {% endif %}waited for.",
)


@pytest.mark.recorded
async def test_a_runbook_waits_for_its_checks_asks_a_person_and_lets_time_pass(with_planner, temporal):
    far_end = await with_planner(lambda transcript: runbook.propose(SHIP, transcript))
    run = await far_end.start("ship")
    await waits(far_end, run, WaitKind.EVENT)
    await far_end.happens(event("ship/checkout", kind="check", conclusion="failure"))
    view = await far_end.seen(run, lambda view: view.questions)
    assert view.questions[0].text == "failure: go on?"
    await run.signal("answer", answer(view.questions[0].id, "1", BOB))
    await waits(far_end, run, WaitKind.TIME)
    await temporal.fast_forward(run, timedelta(minutes=91))

    assert (await run.result()).text == "U0BOB said yes, and it was waited for."
    steps = [(step.title, step.state.value) for step in far_end.views[run.id].steps]
    assert steps[0] == ("Wait for the checks of checkout", "complete")


# A person


@pytest.mark.recorded
async def test_a_question_is_answered_in_words_by_whom_it_is_for_and_the_planner_learns_by_whom(with_planner):
    far_end = await with_planner(telling(ask("Which version is the good one?")))
    run = await far_end.start("in-words")
    view = await far_end.seen(run, lambda view: view.questions and view.questions[0].until)
    [question] = view.questions
    assert (view.state, view.doing) == (RunState.WAITING, "Waiting for an answer")
    assert (question.claim, question.choices) == (True, ())
    assert question.to.users == ("U0ALICE", "U0BOB")

    await run.signal("answer", words(question.id, "mine", MALLORY))
    await run.signal("answer", words(question.id, "   ", ALICE))
    await run.signal("answer", answer(question.id, "1", ALICE))
    await run.signal("answer", words(question.id, "x" * 2001, BOB))
    await far_end.until(lambda: len(far_end.told) >= 3)
    await run.signal("answer", words(question.id, " 1.4.1, it ran all night ", BOB))
    result = await run.result()

    assert result.text == (
        "ok U0BOB answered: 1.4.1, it ran all night "
        '{"answer":"1.4.1, it ran all night","answered":true,"by":"U0BOB"}'
    )
    assert set(far_end.told) == {
        "Only the person who asked for this run, its approvers and its stewards may do that.",
        "That is no answer to this question.",
        "That is too long: 2,001 characters, and 2,000 fit.",
    }
    transcript = await run.query("transcript")
    assert transcript["entries"][-1]["result"]["by"]["user"] == "U0BOB"


async def test_a_question_for_who_asked_is_answered_by_nobody_else(with_planner):
    far_end = await with_planner(telling(ask(options=["checkout", "search"], who="requester")))
    run = await far_end.start("for-alice")
    view = await far_end.seen(run, lambda view: view.questions)
    [question] = view.questions
    assert question.choices == (("1", "checkout"), ("2", "search"))

    await run.signal("answer", answer(question.id, "1", BOB))
    await run.signal("answer", answer(question.id, "3", ALICE))
    await far_end.until(lambda: len(far_end.told) == 2)
    await run.signal("answer", answer(question.id, "2", ALICE))
    await run.signal("answer", answer(question.id, "1", ALICE))
    result = await run.result()

    assert '"answer":"search"' in result.text
    assert far_end.told[:2] == [
        "Only the person who asked for this run may answer that.",
        "That is no answer to this question.",
    ]


async def test_a_member_of_a_named_group_may_answer(with_planner):
    far_end = await with_planner(telling(ask()))
    run = await far_end.start("for-a-group")
    view = await far_end.seen(run, lambda view: view.questions)

    await run.signal("answer", words(view.questions[0].id, "1.4.2", CAROL))

    assert '"by":"U0CAROL"' in (await run.result()).text


async def test_a_question_that_nobody_answers_expires_which_is_no_refusal(with_planner, temporal):
    far_end = await with_planner(telling(ask(within="2h")))
    run = await far_end.start("unanswered")
    view = await far_end.seen(run, lambda view: view.questions and view.questions[0].until)
    [shown] = view.waits
    assert (shown.kind, shown.until) == (WaitKind.ANSWER, view.questions[0].until)

    await temporal.fast_forward(run, timedelta(hours=2, minutes=1))
    result = await run.result()

    assert result.text == 'expired Nobody answered within 2h. {"answered":false}'
    assert far_end.views[run.id].questions[0].answered == "Nobody answered in time."


async def test_the_time_to_answer_runs_from_when_the_card_was_posted(with_planner, temporal):
    far_end = await with_planner(telling(ask(within="2h")))
    far_end.questions_unposted = True
    run = await far_end.start("unposted")
    view = await far_end.seen(run, lambda view: view.questions)
    await temporal.fast_forward(run, timedelta(hours=3))

    far_end.questions_unposted = False
    await run.signal("answer", words("1", "mine", MALLORY))
    view = await far_end.seen(run, lambda view: view.questions[0].until)
    [shown] = view.waits
    assert shown.until - shown.since > timedelta(hours=4)
    await run.signal("answer", words("1", "1.4.1", BOB))

    assert (await run.result()).text.startswith("ok U0BOB answered: 1.4.1")


async def test_a_question_stands_when_the_run_continues_as_new_and_is_closed_when_it_is_cancelled(
    with_planner,
):
    far_end = await with_planner(telling(ask()))
    run = await far_end.start("long-asked")
    view = await far_end.seen(run, lambda view: view.questions and view.questions[0].until)

    assert (await continued(far_end, run)).questions == view.questions
    await run.signal("cancel", cancel(ALICE))
    await run.result()

    assert far_end.views[run.id].questions[0].answered == "Closed: the run was cancelled."


async def test_of_many_questions_the_answered_ones_are_forgotten_one_day(with_planner):
    def propose(transcript):
        number = len(transcript.since_goal())
        if number < 23:
            asks = tuple(ask(f"{each}?") for each in range(1 if number else 22))
            return Thought(kind=ThoughtKind.CALLS, calls=asks)
        return telling()(transcript)

    far_end = await with_planner(propose)
    run = await far_end.start("curious")
    for number in range(1, 24):
        await far_end.seen(run, lambda view, name=str(number): name in {each.id for each in view.questions})
        await run.signal("answer", words(str(number), "yes", ALICE))

    assert (await run.result()).text.count('"answered":true') == 23
    # With the 23rd, two of the first 22 went.
    assert [each.id for each in far_end.views[run.id].questions] == [str(number) for number in range(3, 24)]
