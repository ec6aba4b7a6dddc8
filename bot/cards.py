"""Which cards a view has, and how each is drawn."""

from collections.abc import Iterator

from workflows.values.view import RunView

from .views.approval import approval_card
from .views.blocks import SECTION_LIMIT, Block, Message, fits, message, plain, section
from .views.look import Look
from .views.question import question_card
from .views.result import result_card
from .views.root import root_card
from .views.text import code, escaped, user
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


def in_sections(card: Message) -> Message | None:
    """The same words without rich text, for a server that does not know it; None when they would not fit whole."""
    blocks: list[Block] = []
    for block in card.blocks:
        if block["type"] != "rich_text":
            blocks.append(block)
            continue
        texts = [_as_text(element) for element in block["elements"]]
        if any(len(text["text"]) > SECTION_LIMIT for text in texts):
            return None
        blocks += [{"type": "section", "text": text} for text in texts]
    return message(card.text, *blocks) if fits(blocks) else None


def _as_text(element: Block) -> Block:
    """Untrusted text stays inert: plain text, unless people or times stand in it, and then it is escaped."""
    lines = element["elements"] if element["type"] == "rich_text_list" else [element]
    if all(run["type"] == "text" for line in lines for run in line["elements"]):
        return plain("\n".join("".join(run["text"] for run in line["elements"]) for line in lines))
    said = "\n".join("".join(map(_as_mrkdwn, line["elements"])) for line in lines)
    return {"type": "mrkdwn", "text": said, "verbatim": True}


def _as_mrkdwn(run: Block) -> str:
    match run["type"]:
        case "user":
            return user(run["user_id"])
        case "date":
            return f"<!date^{run['timestamp']}^{run['format']}|{run['fallback']}>"
        case _:
            return code(run["text"]) if set("*_~`") & set(run["text"]) else escaped(run["text"])


def bare(card: Message) -> Message:
    """For a server that refuses the card's blocks: its text, and its buttons but Approve, for it is not shown whole."""
    buttons = [
        {**block, "elements": kept}
        for block in card.blocks
        if block["type"] == "actions"
        and (kept := [each for each in block["elements"] if each["action_id"] != "approve"])
    ]
    return message(card.text, section(card.text), *buttons)
