"""Was it done? Asked of real tool servers, by the key that was sent along."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import verifying
from activities.tool_replies import TEXT_LIMIT, ToolReply, cut
from activities.tools import Tools
from sandbox.fleet.database import Database
from tests.activities.orders import FINDABLE, LABELS, SLOW, effect_of, odd, preview_of
from workflows.rules.keys import mark
from workflows.values.base import Json
from workflows.values.effect import EffectOrder, OutcomeState, Verified
from workflows.values.tools import EffectClass, KeyForm, KeyPlace, ToolContract, Verify


async def ordered(tools: Tools, terms: ToolContract, arguments: Json) -> EffectOrder:
    return effect_of(
        terms, arguments, await ActivityEnvironment().run(tools.preview, preview_of(terms, arguments))
    )


async def verified(tools: Tools, answer: Json, found: str = "hits") -> Verified:
    """What is made of a tool's *answer*."""
    terms = LABELS.model_copy(
        update={
            "effect_class": EffectClass.VERIFIABLE,
            "verify": Verify(tool="mirror", arguments={"answer": answer}, found=found),
        }
    )
    return await ActivityEnvironment().run(tools.verify, await ordered(tools, terms, {"labels": []}))


async def verified_by(tools: Tools, terms: ToolContract, **verify: Json) -> Verified:
    """What is made of another look-up than the contract's own."""
    order = await ordered(tools, terms, SLOW if terms.server == "fleet" else {})
    asked = terms.model_copy(update={"verify": Verify(**{"found": "tickets", **verify})})
    effect = order.effect.model_copy(update={"contract": asked})
    return await ActivityEnvironment().run(tools.verify, order.model_copy(update={"effect": effect}))


async def test_what_was_done_is_found_though_the_reply_was_lost(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, FINDABLE, SLOW)
    fleet.lose_next_reply()
    with pytest.raises(ApplicationError, match="It was sent, but") as caught:
        await environment.run(tools.apply_once, order)

    found = await environment.run(tools.verify, order)

    assert caught.value.type == "Ambiguous"
    assert found == Verified(count=1, text="fleet.find_tickets found 1.")
    assert [ticket.title for ticket in fleet.tickets(reference=order.effect.key)] == ["slow"]


async def test_what_was_never_sent_is_not_there(tools: Tools, environment: ActivityEnvironment):
    order = await ordered(tools, FINDABLE, SLOW)

    assert await environment.run(tools.verify, order) == Verified(
        count=0, text="fleet.find_tickets found nothing."
    )


async def test_a_ticket_of_somebody_else_with_the_same_words_is_not_ours(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    order = await ordered(tools, FINDABLE, SLOW)
    other = await ordered(tools, FINDABLE, {**SLOW, "body": "very slow"})
    await environment.run(tools.apply_once, other)

    assert (await environment.run(tools.verify, order)).count == 0


async def test_an_order_carried_out_twice_is_found_twice(
    tools: Tools, environment: ActivityEnvironment, fleet: Database
):
    """Nothing upstream deduplicates: that is why nothing is sent again before it was looked for."""
    order = await ordered(tools, FINDABLE, SLOW)

    outcomes = [await environment.run(tools.apply_once, order) for _ in range(2)]

    assert [outcome.state for outcome in outcomes] == [OutcomeState.APPLIED] * 2
    assert (await environment.run(tools.verify, order)).count == 2


async def test_a_label_is_looked_for_as_it_was_sent(tools: Tools, environment: ActivityEnvironment):
    terms = odd(
        "mirror",
        effect_class=EffectClass.VERIFIABLE,
        key=KeyPlace(argument="labels", form=KeyForm.LABEL),
        verify=Verify(tool="mirror", arguments={"labels": ["{key}"]}, found="labels"),
    )
    order = await ordered(tools, terms, {"labels": ["bug"]})

    sent = await environment.run(tools.apply_once, order)
    found = await environment.run(tools.verify, order)

    assert sent.structured == {"labels": ["bug", f"handrail-{order.effect.key[:32]}"]}
    assert found.count == 1


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ({"hits": []}, 0),
        ({"hits": [{"id": 1}, {"id": 2}]}, 2),
        ({"hits": 0}, 0),
        ({"hits": 3}, 3),
        ({"hits": False}, 0),
        ({"hits": True}, 1),
        ({"hits": [], "has_more": False, "next_cursor": None}, 0),
        ({"hits": [1], "has_more": True}, 1),
    ],
)
async def test_a_list_a_count_or_a_yes_says_how_many_there_are(tools: Tools, answer: Json, count: int):
    assert (await verified(tools, answer)).count == count


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"total": 0}, "The answer of odd.mirror has no hits."),
        ({"hits": None}, "The hits in the answer of odd.mirror is neither a list nor a count."),
        ({"hits": "none"}, "The hits in the answer of odd.mirror is neither a list nor a count."),
        ({"hits": 0.0}, "The hits in the answer of odd.mirror is neither a list nor a count."),
        ({"hits": -1}, "The hits in the answer of odd.mirror is neither a list nor a count."),
        ({"hits": {}}, "The hits in the answer of odd.mirror is neither a list nor a count."),
        *(
            ({"hits": [], **more}, "The answer of odd.mirror holds none, but says that there is more.")
            for more in ({"has_more": True}, {"next_cursor": "x"}, {"hasMore": True}, {"nextCursor": "x"})
        ),
        (
            {"hits": 0, "incomplete_results": True},
            "The answer of odd.mirror holds none, but says that there is more.",
        ),
    ],
)
async def test_any_other_answer_tells_nothing(tools: Tools, answer: Json, why: str):
    assert await verified(tools, answer) == Verified(count=None, text=why)


@pytest.mark.parametrize(
    ("terms", "verify", "why"),
    [
        (FINDABLE, {"tool": "fly"}, "fleet offers no tool fly now."),
        (
            FINDABLE,
            {"tool": "create_ticket"},
            "fleet says that create_ticket changes things, so it is not asked.",
        ),
        (
            FINDABLE,
            {"tool": "find_tickets", "arguments": {"ref": "{key}"}},
            "fleet.find_tickets knows no argument ref, so it might find anything.",
        ),
        (
            FINDABLE,
            {"tool": "find_tickets", "arguments": {"reference": ["{key}"]}},
            "fleet.find_tickets can't be asked: reference: ",
        ),
        (
            FINDABLE,
            {"tool": "find_tickets", "arguments": {"reference": "{key}", "service": "{component}"}},
            "fleet.find_tickets can't be asked: the call has no argument component.",
        ),
        (
            FINDABLE,
            {"tool": "get_release", "arguments": {"service": "nothing", "version": "{key}"}},
            "fleet.get_release answered with an error: NOT_FOUND: no service nothing",
        ),
        (LABELS, {"tool": "elicit"}, "odd asked for input in the middle of elicit; it was given none."),
        (LABELS, {"tool": "tool_error"}, "odd.tool_error answered with an error: INVALID: no"),
        (LABELS, {"tool": "huge"}, "The answer of odd.huge has no tickets."),
    ],
)
async def test_what_can_not_be_asked_or_answers_with_an_error_tells_nothing(
    tools: Tools, terms: ToolContract, verify: dict, why: str
):
    found = await verified_by(tools, terms, **verify)

    assert found.count is None
    assert found.text.startswith(why)


@pytest.mark.parametrize("tool", ["die", "server_error"])
async def test_a_look_without_an_answer_is_tried_again_after_a_pause(tools: Tools, tool: str):
    with pytest.raises(ApplicationError) as caught:
        await verified_by(tools, LABELS, tool=tool)

    assert (caught.value.type, caught.value.non_retryable) == ("ToolUnavailable", False)
    assert caught.value.next_retry_delay is not None


async def test_no_argument_is_logged(
    tools: Tools, environment: ActivityEnvironment, caplog: pytest.LogCaptureFixture
):
    order = await ordered(tools, FINDABLE, {**SLOW, "title": "hush", "body": "hush"})

    with caplog.at_level("DEBUG"):
        await environment.run(tools.verify, order)

    assert "run/T1/1 call 3: looking for fleet.create_ticket" in caplog.text
    assert "hush" not in caplog.text


# By the text of the answer, where it has no fields


async def in_text(tools: Tools, say: str) -> Verified:
    """What is made of an answer in words; {key} stands for the mark that was sent along."""
    order = await ordered(tools, LABELS, {"labels": []})
    said = say.replace("{key}", mark(LABELS, order.effect.key))
    terms = LABELS.model_copy(update={"verify": Verify(tool="mirror", arguments={"say": said})})
    effect = order.effect.model_copy(update={"contract": terms})
    return await ActivityEnvironment().run(tools.verify, order.model_copy(update={"effect": effect}))


@pytest.mark.parametrize(
    ("say", "count"),
    [
        ("one\nlabels: a, {key}\nthree", 1),
        ("{key}\n{key}", 2),
        ("nothing of ours", 0),
        ("", 0),
        ("{key}" + "x" * 100_000, 1),
    ],
    ids=["found", "twice", "absent", "empty", "found in a long one"],
)
async def test_the_lines_that_hold_the_key_are_counted(tools: Tools, say: str, count: int):
    assert (await in_text(tools, say)).count == count


def test_a_long_answer_may_hold_the_key_where_it_was_cut_off():
    reply = ToolReply(text=cut("x" * TEXT_LIMIT + "the key"), structured=None, is_error=False, other={})

    with pytest.raises(verifying.CantTell, match="too long to be sure that the key is not in it"):
        verifying._in_text("odd.mirror", reply, "the key")
