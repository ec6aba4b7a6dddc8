"""What an agent asks of people: shown as its own words, answered by a button or in a dialog, by whom it is for."""

from datetime import timedelta

from bot.cards import draw
from bot.views.look import Look
from bot.views.question import question_card
from bot.views.root import fallback, root_card
from sandbox.client import words
from tests.bot.test_asking import buttons, plan
from tests.bot.views import NOON, RUN, question, read_as_markup, view
from tests.bot.views import buttons as buttons_of
from tests.workflows.far_end import ALICE, BOB
from tests.workflows.test_own_tools import ask, event, wait_for
from workflows.rules import own_tools
from workflows.values.people import People
from workflows.values.view import RunState, WaitKind, WaitView

HOSTILE = "<!channel> <@U0BOB> <http://evil|Approve> *Approved* \u202egnp"
EVERYBODY = People(users=("U0ALICE", "U0BOB"), groups=("S0RELEASE",))


async def asked(workspace, person, *calls):
    """A run whose agent makes *calls*, once its first question stands in the thread."""
    workspace.agent = workspace.agent.model_copy(update={"own_tools": tuple(own_tools.ALL)})
    await workspace.open_with(*calls)
    await person.say("C0OPS", f"/handrail {workspace.goal}")
    return await person.sees("C0OPS", "of this run, may answer, <!date^")


async def test_a_question_is_answered_in_a_dialog_and_its_card_says_what_and_by_whom(quiet, alice, bob):
    card = await asked(quiet, alice, ask("Which version ran all night?"))
    assert "The agent asks, in its own words" in words(card)
    assert [each["text"]["text"] for each in buttons(card)] == ["Answer"]
    root = await alice.sees("C0OPS", "Waiting for an answer")
    assert "to the question below, <!date^" in words(root)

    await bob.click(card, "Answer")
    dialog = await bob.modal()
    assert "approves nothing" in words(dialog)
    assert "Which version ran all night?" in words(dialog)
    await bob.submit(dialog, {"Answer": "1.4.1, <!channel>"})
    await alice.sees("C0OPS", f"Done: {quiet.run}")

    answered = await alice.sees("C0OPS", "answered:\n1.4.1, <!channel>")
    assert answered["ts"] == card["ts"]
    assert buttons(answered) == []
    assert "<@U0BOB> answered: 1.4.1, &lt;!channel&gt;" in answered["text"]


async def test_words_for_the_bot_in_the_thread_answer_its_question_once(quiet, alice):
    card = await asked(quiet, alice, ask("Which version ran all night?"))
    await plan(quiet.slack, {"kind": "duplicate_delivery", "type": "events_api"})

    await alice.say("C0OPS", "@handrail 1.4.1, I think", thread_ts=card["thread_ts"])
    told = await alice.sees("C0OPS", "as your answer")

    assert f"/handrail tell {quiet.run}" in words(told)
    await alice.sees("C0OPS", "answered:\n1.4.1, I think")
    await alice.sees("C0OPS", f"Done: {quiet.run}")


async def test_one_of_the_options_may_be_typed(quiet, alice):
    card = await asked(quiet, alice, ask("Which one?", options=["checkout", "search"]))

    await alice.say("C0OPS", "@handrail Search", thread_ts=card["thread_ts"])

    answered = await alice.sees("C0OPS", "answered:\nsearch")
    assert buttons(answered) == []


async def test_words_that_fit_two_questions_answer_neither(quiet, alice):
    card = await asked(quiet, alice, ask("Which version?"), ask("Since when?"))

    await alice.say("C0OPS", "@handrail since yesterday", thread_ts=card["thread_ts"])

    await alice.sees("C0OPS", "more than one question")
    assert not [each for each in await alice.messages("C0OPS") if "answered:" in words(each)]


async def test_who_may_not_answer_is_told_so_and_the_question_stays(quiet, alice, carol):
    card = await asked(quiet, alice, ask("Which one?", options=["checkout", "search"]))
    assert [each["text"]["text"] for each in buttons(card)] == ["“checkout”", "“search”"]

    await carol.click(card, "“search”")
    told = await carol.sees("C0OPS", "Only the person who asked for this run, its approvers")
    assert told["ts"] not in [each["ts"] for each in await alice.messages("C0OPS")]
    await plan(quiet.slack, {"kind": "duplicate_delivery", "type": "interactive"})
    await alice.click(card, "“checkout”")

    answered = await alice.sees("C0OPS", "answered:\ncheckout")
    assert buttons(answered) == []
    await alice.sees("C0OPS", f"Done: {quiet.run}")


async def test_a_run_that_waits_for_an_event_says_so_and_goes_on_when_it_comes(quiet, alice):
    quiet.agent = quiet.agent.model_copy(update={"own_tools": tuple(own_tools.ALL)})
    await quiet.open_with(wait_for(f"acme/{quiet.service}"))
    await alice.say("C0OPS", f"/handrail {quiet.goal}")
    root = await alice.sees("C0OPS", "Waiting for an event")
    assert f"`github: acme/{quiet.service}`, <!date^" in words(root)

    await quiet.tools.happens(event(f"acme/{quiet.service}"))

    await alice.sees("C0OPS", f"Done: {quiet.run}")


def test_a_question_says_who_may_answer_and_how_to_in_words():
    mine = words(list(question_card(RUN, question()).blocks))
    assert "The person who asked for this run, its approvers and its stewards may answer." in mine
    assert "mention me in the run's thread with one of the answers below" in mine

    own_words = question(choices=(), claim=True, to=EVERYBODY)
    assert "mention me in the run's thread with your answer" in words(
        list(question_card(RUN, own_words).blocks)
    )
    over = question(answered="Go on", answered_by=BOB)
    assert "mention me" not in words(list(question_card(RUN, over).blocks))


def test_what_an_agent_asks_neither_mentions_nor_links_nor_passes_for_a_button_of_ours():
    for options in ((), (("1", "Approve"), ("2", HOSTILE[:70]))):
        for said in ("", HOSTILE):
            asks = question(HOSTILE, choices=options, claim=True, to=EVERYBODY, answered=said)
            card = question_card(RUN, asks.model_copy(update={"answered_by": BOB if said else None}))
            markup = "\n".join([card.text, *read_as_markup(list(card.blocks))])
            assert "<!channel>" not in markup
            assert "http://evil|" not in markup.replace("&lt;http://evil|Approve&gt;", "")
            assert markup.count("<@U0BOB>") == bool(said)
            assert not {"Approve", "Reject", "Cancel run"} & set(buttons_of(card))


def test_only_who_asked_for_the_run_is_notified_of_a_question():
    until = NOON + timedelta(hours=2)
    everybody = question_card(RUN, question(choices=(), claim=True, to=EVERYBODY, until=until))
    alone = question_card(RUN, question(choices=(), claim=True, to=People(users=("U0ALICE",))))

    [said] = [block for block in everybody.blocks if block["type"] == "context"]
    assert said["elements"][0]["text"].startswith(
        "<@U0ALICE>, and the approvers and stewards of this run, may answer, <!date^"
    )
    assert "U0BOB" not in str(everybody.blocks)
    assert "<@U0ALICE> may answer. Whatever is answered approves nothing." in words(list(alone.blocks))


def test_a_question_of_ours_is_not_shown_as_the_agents():
    card = question_card(RUN, question())

    assert "The run asks" in words(list(card.blocks))
    assert set(buttons_of(card)) == {"Go on", "Go on?"}


def test_the_root_card_says_what_is_waited_for_and_until_when():
    until = NOON + timedelta(hours=2)
    waits = (
        WaitView(kind=WaitKind.TIME, since=NOON, until=until),
        WaitView(kind=WaitKind.EVENT, about=f"github: {HOSTILE}", since=NOON, until=until),
        WaitView(kind=WaitKind.ANSWER, since=NOON),
    )
    shown = view("Waiting until 2026-11-22 14:00 UTC", state=RunState.WAITING, waits=waits)
    card = root_card(shown, Look())

    markup = read_as_markup(list(card.blocks))
    [said] = [text for text in markup if text.startswith("*Waiting*")]
    at, limit = f"<!date^{int(NOON.timestamp())}^", f"<!date^{int(until.timestamp())}^"
    first, second, third = said.splitlines()
    assert first.startswith(f"*Waiting* {limit}until ")
    assert f", {at}since " in first
    assert "&lt;!channel&gt;" in second
    assert "<!channel>" not in second
    assert second.endswith(" at most.")
    assert third.startswith(f"*Waiting for an answer* to the question below, {at}since ")
    assert "Waiting until 2026-11-22 14:00 UTC." in fallback(shown)
    assert draw(shown, "root", Look()) == card
    assert f"<@{ALICE.user}>" in words(list(card.blocks))
