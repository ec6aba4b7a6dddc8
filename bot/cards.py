"""Which cards a view has, and how each is drawn."""

from collections.abc import Iterator

from workflows.values.view import RunView

from .views.approval import approval_card
from .views.blocks import Message, message, section
from .views.look import Look
from .views.question import question_card
from .views.result import result_card
from .views.root import root_card
from .views.unknown import unknown_card


def slots(view: RunView) -> Iterator[str]:
    """In the order in which they appear in the thread."""
    yield "root"
    for approval in view.approvals:
        yield f"approval/{approval.id}"
    for unknown in view.unknowns:
        yield f"unknown/{unknown.id}"
    for question in view.questions:
        yield f"question/{question.id}"
    if view.state.ended:
        yield "result"


def draw(view: RunView, slot: str, look: Look) -> Message | None:
    """None for a slot that the view does not have."""
    kind, _, name = slot.partition("/")
    match kind:
        case "root":
            return root_card(view, look)
        case "result":
            return result_card(view) if view.state.ended else None
        case "approval":
            return next(
                (approval_card(view.run_id, each) for each in view.approvals if each.id == name), None
            )
        case "unknown":
            return next((unknown_card(view.run_id, each) for each in view.unknowns if each.id == name), None)
        case "question":
            return next(
                (question_card(view.run_id, each) for each in view.questions if each.id == name), None
            )
    return None


def over(view: RunView) -> frozenset[str]:
    """Slots that ask nobody anything any more: not worth a message of their own."""
    approvals = [f"approval/{each.id}" for each in view.approvals if each.state.ended]
    unknowns = [f"unknown/{each.id}" for each in view.unknowns if each.said]
    questions = [f"question/{each.id}" for each in view.questions if each.answered]
    return frozenset([*approvals, *unknowns, *questions])


def bare(card: Message) -> Message:
    """For a server that refuses the card's blocks: its text, and its buttons but Approve, for it is not shown whole."""
    buttons = [
        {**block, "elements": kept}
        for block in card.blocks
        if block["type"] == "actions"
        and (kept := [each for each in block["elements"] if each["action_id"] != "approve"])
    ]
    return message(card.text, section(card.text), *buttons)
