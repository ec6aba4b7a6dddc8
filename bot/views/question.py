"""A question that a run asks of people, with its answers as buttons."""

from workflows.rules.visible import visible
from workflows.values.view import Question

from .. import words
from .blocks import Block, Message, actions, button, context, header, message, quote, rich
from .refs import QuestionRef
from .text import escaped, one_line, shortened, user

TEXT = 2800
CHOICES = 25
"""Elements in an actions block: docs.slack.dev/reference/block-kit/blocks/actions-block."""


def question_card(run_id: str, question: Question) -> Message:
    asked = shortened(visible(question.text), TEXT)
    return message(
        f"{words.QUESTION}: {escaped(shortened(one_line(question.text), 1000))} {_answered(question)}".strip(),
        header(words.QUESTION),
        rich(quote(asked)),
        _buttons(run_id, question),
    )


def _answered(question: Question) -> str:
    if not question.answered:
        return ""
    by = f"{user(question.answered_by.user)} answered: " if question.answered_by is not None else ""
    return f"{by}{escaped(shortened(one_line(question.answered), 500))}"


def _buttons(run_id: str, question: Question) -> Block:
    if question.answered:
        return context(f"*{_answered(question)}*")
    return actions(
        *(
            button(
                f"answer_{number}",
                shortened(one_line(label), 75),
                QuestionRef(run=run_id, question=question.id, choice=choice).packed(),
            )
            for number, (choice, label) in enumerate(question.choices[:CHOICES])
        )
    )
