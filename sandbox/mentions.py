"""What a person types, turned into what Slack sends: escaped, with names turned into ids."""

import re

from sandbox.workspace import Workspace

_NAME = re.compile(r"(?<![\w<@#|])([@#])([a-z0-9][a-z0-9._-]*)")
_LINK = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+")
_BROADCASTS = ("here", "channel", "everyone")


def escape(text: str) -> str:
    """The three characters that Slack escapes (docs.slack.dev, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def parse_typed(workspace: Workspace, text: str, *, labelled: bool = False) -> str:
    """*text* as Slack delivers it; *labelled* as slash commands get it: `<@U0ALICE|alice>`."""
    users = {user.name: user.id for user in workspace.users.values()}
    channels = {channel.name: channel.id for channel in workspace.channels.values() if not channel.is_im}
    groups = {group.handle: group.id for group in workspace.groups.values()}

    def replace(found: re.Match[str]) -> str:
        sign, typed = found.groups()
        name = typed.rstrip(".-")  # the full stop after a name ends the sentence
        rest = typed[len(name) :]
        label = f"|{name}" if labelled else ""
        if sign == "#":
            return f"<#{channels[name]}{label}>{rest}" if name in channels else found.group()
        if name in users:
            return f"<@{users[name]}{label}>{rest}"
        if name in groups:
            return f"<!subteam^{groups[name]}{f'|@{name}' if labelled else ''}>{rest}"
        return f"<!{name}>{rest}" if name in _BROADCASTS else found.group()

    linked = _LINK.sub(lambda found: f"<{found.group()}>", escape(text))
    return _NAME.sub(replace, linked)
