"""A question of a run, or of its planner: answered by buttons, or in people's own words."""

from workflows.rules.visible import visible
from workflows.values.view import Question

from .. import words
from .blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    header,
    line,
    message,
    person,
    quote,
    rich,
    run_of,
)
from .refs import QuestionRef
from .text import escaped, moment, one_line, shortened, user

TEXT = 2800
ASKED = 300
"""Characters that the dialog for an answer repeats."""
CHOICES = 25
"""Elements in an actions block: docs.slack.dev/reference/block-kit/blocks/actions-block."""


def question_card(run_id: str, question: Question) -> Message:
    asks = words.AGENT_ASKS if question.claim else words.QUESTION
    asked = shortened(visible(question.text), TEXT)
    return message(
        f"{asks}: {escaped(shortened(one_line(question.text), 1000))} {_answered(question)}".strip(),
        header(asks),
        rich(quote(asked)),
        None if question.answered else context(f"{_who(question)} {_in_words(question)}"),
        _answers(run_id, question),
    )


def _who(question: Question) -> str:
    """Only the person who asked for the run is notified: a planner may have many questions."""
    if not question.claim:
        return words.MAY_ANSWER_RUN
    requester, *others = question.to.users or ("",)
    more = words.AND_WHO_STEERS if others or question.to.groups else ""
    until = "" if question.until is None else f", {moment(question.until, 'until ')}"
    return words.MAY_ANSWER.format(who=f"{user(requester)}{more}", until=until)


def _in_words(question: Question) -> str:
    return words.ONE_IN_WORDS if question.choices else words.IN_YOUR_WORDS


def _answered(question: Question) -> str:
    if not question.answered:
        return ""
    by = f"{user(question.answered_by.user)} {words.ANSWERED} " if question.answered_by is not None else ""
    return f"{by}{escaped(shortened(one_line(question.answered), 500))}"


def _answers(run_id: str, question: Question) -> Block:
    if question.claim and question.answered_by is not None:
        by = line(person(question.answered_by.user), run_of(f" {words.ANSWERED}"))
        return rich(by, quote(shortened(visible(question.answered), TEXT)))
    if question.answered:
        return context(f"*{_answered(question)}*")
    if not question.choices:
        ref = QuestionRef(run=run_id, question=question.id, what=shortened(visible(question.text), ASKED))
        return actions(button("write_answer", words.ANSWER, ref.packed(), "primary"))
    return actions(
        *(
            button(
                f"answer_{number}",
                _label(label, claim=question.claim),
                QuestionRef(run=run_id, question=question.id, choice=choice).packed(),
            )
            for number, (choice, label) in enumerate(question.choices[:CHOICES])
        )
    )


def _label(label: str, *, claim: bool) -> str:
    """An agent's option stands in quotes: nothing that it offers passes for a button of ours."""
    return f"“{shortened(one_line(label), 73)}”" if claim else shortened(one_line(label), 75)
