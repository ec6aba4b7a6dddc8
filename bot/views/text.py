"""Untrusted text made safe and visible, and text that is ours kept within Slack's limits.

Whatever a person, a model or a tool wrote may imitate us, mention people or hide. It is shown as rich text, which can
neither mention nor link, or escaped; and what the eye can't see is written out.
"""

import re
from datetime import datetime

from workflows.rules.visible import visible
from workflows.values.people import People

SLACK_ID = re.compile(r"[A-Z0-9_]{2,32}")


def one_line(text: str) -> str:
    """Visible, and on one line."""
    return " ".join(visible(text).split())


def escaped(text: str) -> str:
    """For mrkdwn, by Slack's rule: docs.slack.dev/messaging/formatting-message-text, "Escaping text"."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """One line of untrusted text in mrkdwn, as code: nothing in it can format, link or mention."""
    safe = escaped(one_line(text)).replace("`", "'")
    return f"`{safe or ' '}`"


def shortened(text: str, limit: int, whole: str = "") -> str:
    """*text* within *limit* characters; a cut is stated, and *whole* says where all of it can be seen."""
    if len(text) <= limit:
        return text
    note = f" … ({{}} of {len(text):,} characters shown{'; ' + whole if whole else ''})"
    kept = max(0, limit - len(note) - 8)
    return text[:kept] + note.format(f"{kept:,}")


def user(user_id: str) -> str:
    """A mention in mrkdwn: whoever it names is notified by a new message."""
    return f"<@{user_id}>" if SLACK_ID.fullmatch(user_id) else code(user_id)


def group(group_id: str) -> str:
    return f"<!subteam^{group_id}>" if SLACK_ID.fullmatch(group_id) else code(group_id)


def channel(channel_id: str) -> str:
    """A link to it. Of direct messages Slack makes none, and whoever reads of them is in them."""
    if channel_id.startswith("D"):
        return "direct messages"
    return f"<#{channel_id}>" if SLACK_ID.fullmatch(channel_id) else code(channel_id)


def mentions(people: People, most: int = 20) -> str:
    """Everybody who is named, as mentions in mrkdwn."""
    named = [*(user(each) for each in people.users), *(group(each) for each in people.groups)]
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more


def moment(at: datetime, lead: str = "") -> str:
    """A time, in mrkdwn, in each reader's own time zone.

    *lead* is what stands before it within the sentence: where a format begins with the day, Slack writes “Today”.
    """
    return (
        f"<!date^{int(at.timestamp())}^{lead}{{date_short_pretty}} at {{time}}|{lead}{at:%Y-%m-%d %H:%M %Z}>"
    )


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
