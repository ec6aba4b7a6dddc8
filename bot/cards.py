"""Which cards a view has, and how each is drawn."""

from collections.abc import Iterator

from workflows.values.approval import ApprovalState
from workflows.values.base import GateDigest
from workflows.values.view import Alert, AlertKind, ApprovalView, RunView, UnknownOutcome

from .views.alert import again_card
from .views.approval import approval_card
from .views.blocks import SECTION_LIMIT, Block, Message, fits, message, plain, section
from .views.changes import changes_card
from .views.deciding import APPROVING
from .views.look import Look
from .views.question import question_card
from .views.quiet import quiet
from .views.result import result_card
from .views.root import root_card
from .views.text import code, escaped, group, user
from .views.unknown import unknown_card


def slots(view: RunView) -> Iterator[str]:
    """In the order in which they appear in the thread."""
    yield "root"
    yield from dict.fromkeys(approval.slot for approval in view.approvals)
    yield from (f"again/{approval.id}" for approval in view.approvals if _asked_again(approval))
    for unknown in view.unknowns:
        yield f"unknown/{unknown.id}"
    for question in view.questions:
        yield f"question/{question.id}"
    if view.state.ended:
        yield "result"


def draw(view: RunView, slot: str, look: Look) -> Message | None:
    """None for a slot that the view does not have. A copy, such as `approval/4.1@U0BOB`, is private."""
    slot, _, reader = slot.partition("@")
    private = bool(reader)
    kind, _, name = slot.partition("/")
    match kind:
        case "root":
            return root_card(view, look)
        case "result":
            return result_card(view, look) if view.state.ended else None
        case "approval":
            shown = on_card(view, slot)
            return approval_card(view.run_id, shown[0], private=private) if shown else None
        case "changes":
            shown = on_card(view, slot)
            return changes_card(view.run_id, shown, private=private) if shown else None
        case "again":
            return next((again_card(each) for each in view.approvals if each.id == name), None)
        case "unknown":
            unknown = next((each for each in view.unknowns if each.id == name), None)
            return unknown_card(view.run_id, unknown, _approved(view, unknown)) if unknown else None
        case "question":
            return next(
                (question_card(view.run_id, each) for each in view.questions if each.id == name), None
            )
    return None


def as_posted(view: RunView, slot: str, card: Message) -> Message:
    """As a new message it notifies those whom it asks something: approvers once, by the card that they decide on."""
    if slot == "root":
        return quiet(card, (view.requester.user,))
    kind = slot.partition("/")[0]
    return quiet(card) if kind in {"approval", "changes"} and not gates_on(view, slot) else card


def on_card(view: RunView, slot: str) -> list[ApprovalView]:
    """What is shown there, in the order of the calls: of each call its newest preview."""
    newest: dict[int, ApprovalView] = {}
    for approval in view.approvals:
        call, generation = _place(approval)
        if approval.slot == slot and (call not in newest or generation > _place(newest[call])[1]):
            newest[call] = approval
    return [newest[call] for call in sorted(newest)]


def _asked_again(approval: ApprovalView) -> bool:
    """On a card that it shares: that is only redrawn, so nobody would be notified of the new preview."""
    return approval.slot.startswith("changes/") and _place(approval)[1] > 1


def _approved(view: RunView, unknown: UnknownOutcome) -> ApprovalView | None:
    """The newest preview of its call, where it is still known."""
    of_call = [each for each in view.approvals if each.id.partition(".")[0] == unknown.id.partition(".")[0]]
    return max(of_call, key=_place, default=None)


def _place(approval: ApprovalView) -> tuple[int, int]:
    """Of `4.1`: call 4, its first preview."""
    call, _, generation = approval.id.partition(".")
    return int(call), int(generation)


def gates_on(view: RunView, slot: str) -> list[GateDigest]:
    """Of what people can still decide on there."""
    return [approval.gate for approval in on_card(view, slot) if not approval.state.ended]


def over(view: RunView) -> frozenset[str]:
    """Slots that ask nobody anything any more: not worth a message of their own. A plan never asked, and is shown."""
    cards = {approval.slot for approval in view.approvals if approval.state is not ApprovalState.PLANNED}
    approvals = [slot for slot in cards if not gates_on(view, slot)]
    unknowns = [f"unknown/{each.id}" for each in view.unknowns if each.said]
    questions = [f"question/{each.id}" for each in view.questions if each.answered]
    again = [f"again/{approval.id}" for approval in view.approvals if approval.state.ended]
    return frozenset([*approvals, *again, *unknowns, *questions])


def due_alerts(view: RunView) -> list[list[Alert]]:
    """Those to be told now. What falls due together for changes of one card is one message, not one for each."""
    approvals = {approval.id: approval for approval in view.approvals}
    due: dict[tuple[str, ...], list[Alert]] = {}
    for alert in view.alerts:
        approval = approvals.get(alert.approval)
        if alert.slot in view.cards:
            continue
        if alert.kind is AlertKind.BREAK_GLASS:
            due[(alert.slot,)] = [alert]
        elif approval is not None and not approval.state.ended:
            due.setdefault((alert.kind, approval.slot, alert.channel), []).append(alert)
    return list(due.values())


def in_sections(card: Message) -> Message | None:
    """The same words without rich text, for a server that does not know it; None when they would not fit whole."""
    blocks: list[Block] = []
    for block in card.blocks:
        if block["type"] != "rich_text":
            blocks.append(block)
            continue
        texts = _joined(block["elements"])
        if any(len(text["text"]) > SECTION_LIMIT for text in texts):
            return None
        blocks += [{"type": "section", "text": text} for text in texts]
    return message(card.text, *blocks) if fits(blocks) else None


def _joined(elements: list[Block]) -> list[Block]:
    """Lines that follow each other as one text. Untrusted text with lines of its own stays apart, and passes for none."""
    made: list[Block] = []
    joinable = False
    for element in elements:
        text, lines = _as_text(element), element["type"] in {"rich_text_section", "rich_text_list"}
        if joinable and lines and text["type"] == made[-1]["type"]:
            longer = f"{made[-1]['text']}\n{text['text']}"
            if len(longer) <= SECTION_LIMIT:
                made[-1] = {**text, "text": longer}
                continue
        made.append(text)
        joinable = lines
    return made


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
        case "usergroup":
            return group(run["usergroup_id"])
        case "date":
            return f"<!date^{run['timestamp']}^{run['format']}|{run['fallback']}>"
        case _:
            return code(run["text"]) if set("*_~`") & set(run["text"]) else escaped(run["text"])


def bare(card: Message) -> Message:
    """For a server that refuses the card's blocks: its text, and its buttons but those that approve, for it is not shown whole."""
    buttons = [
        {**block, "elements": kept}
        for block in card.blocks
        if block["type"] == "actions"
        and (kept := [each for each in block["elements"] if each["action_id"] not in APPROVING])
    ]
    return message(card.text, section(card.text), *buttons)
