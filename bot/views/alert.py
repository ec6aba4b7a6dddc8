"""Alerts: messages of their own about changes that wait, or that somebody approved alone."""

from collections.abc import Sequence

from workflows.rules.visible import visible
from workflows.values.people import People
from workflows.values.view import Alert, AlertKind, ApprovalView, RunView

from .. import words
from .blocks import Block, Message, bullets, context, line, message, quote, rich, run_of, section, when
from .change import title
from .standing import may_decide
from .text import channel, code, escaped, mentions, one_line, shortened, user

MOST_TOLD = 50
TITLE = 300
REASON = 2000


def alert_card(view: RunView, alerts: Sequence[Alert], link: str = "") -> Message:
    """One message for alerts of one kind. *link*: a permalink of the card; where there is none, the run is named."""
    said = _said(alerts[0])
    what = "; ".join(_title(view, alert) for alert in alerts)
    reason = alerts[0].reason.strip()
    return message(
        f"{said} {escaped(shortened(what, 1000))}",
        section(f"*{said}*{_for_whom(alerts)}"),
        rich(bullets(*(_change(view, alert) for alert in alerts))),
        rich(line(run_of(f"{words.REASON}:", bold=True)), quote(shortened(visible(reason), REASON)))
        if reason
        else None,
        context(where(view, link)),
    )


def over_card(view: RunView, alerts: Sequence[Alert], link: str = "") -> Message | None:
    """What takes the place of that message once nothing of it waits any more; None before."""
    about = [_approval(view, alert) for alert in alerts]
    ended = [each for each in about if each is not None and each.state.ended]
    if len(ended) < len(about):
        return None
    what = "; ".join(f"{title(each)}: {words.APPROVAL[each.state].lower()}" for each in ended)
    return message(
        f"{words.NO_LONGER_WAITS} {escaped(shortened(what, 1000))}",
        section(f"*{words.NO_LONGER_WAITS}*"),
        rich(bullets(*map(_end, ended))),
        context(where(view, link)),
    )


def _end(approval: ApprovalView) -> list[Block]:
    at = [when(approval.ended_at, ", ")] if approval.ended_at else []
    what, state = run_of(shortened(title(approval), TITLE), code=True), words.APPROVAL[approval.state]
    return [what, run_of(f": {state.lower()}"), *at]


def again_card(approval: ApprovalView) -> Message:
    """A change on a card that it shares is asked about anew: the card itself is only redrawn, which notifies nobody."""
    number, what = approval.id.partition(".")[0], shortened(title(approval), TITLE)
    people = may_decide(approval)
    whom = f" {words.FOR_WHOM.format(who=mentions(people, MOST_TOLD))}" if people else ""
    return message(
        f"{words.ASKED_AGAIN} {escaped(what)}",
        section(f"*{words.ASKED_AGAIN}*{whom}"),
        rich(bullets([run_of(f"{number}. {what}", code=True)])),
    )


def _said(alert: Alert) -> str:
    match alert.kind:
        case AlertKind.REMINDER:
            return words.REMINDER
        case AlertKind.ESCALATION:
            return words.ESCALATION
        case AlertKind.BREAK_GLASS:
            return words.BROKE_GLASS.format(who=user(alert.by.user) if alert.by else "Somebody")


def _for_whom(alerts: Sequence[Alert]) -> str:
    people = People()
    for alert in alerts:
        people = people | alert.tell
    return f" {words.FOR_WHOM.format(who=mentions(people, MOST_TOLD))}" if people else ""


def _approval(view: RunView, alert: Alert) -> ApprovalView | None:
    return next((each for each in view.approvals if each.id == alert.approval), None)


def _title(view: RunView, alert: Alert) -> str:
    approval = _approval(view, alert)
    return title(approval) if approval is not None else one_line(f"{alert.tool} on {alert.target}")


def _change(view: RunView, alert: Alert) -> list[Block]:
    until = [when(alert.deadline, words.UNTIL)] if alert.deadline else []
    return [run_of(shortened(_title(view, alert), TITLE), code=True), *until]


def where(view: RunView, link: str) -> str:
    """The run, and a link to the card; in mrkdwn."""
    run = words.ALERT_RUN.format(name=code(view.name), channel=channel(view.place.channel))
    return f"<{link}|{words.OPEN_CARD}>. {run}" if link else run
