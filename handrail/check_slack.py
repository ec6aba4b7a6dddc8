"""Whether Slack lets the bot in, and lets it do what it has to do."""

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings import SlackSettings
from bot.slack import client_for
from bot.slack_errors import named_error
from workflows.rules.policy import who_decides
from workflows.values.people import People
from workflows.values.spec import Rule

from .bot_process import slack_settings
from .manifest import BOT_SCOPES, OPTIONAL_SCOPES
from .slack_advice import refusal
from .trouble import Trouble


async def check_slack(
    environ: Mapping[str, str],
    rules: Iterable[Rule] = (),
    channels: Mapping[str, str] | None = None,
    named: Iterable[str] = (),
) -> AsyncIterator[tuple[bool, str]]:
    """(is it well, in words) of the bot's token, its scopes, the way events come in, and whom *rules* name.

    *channels*: others that are posted to, with what names them. *named*: those that people are told by name.
    """
    try:
        settings = slack_settings(environ)
    except Trouble as trouble:
        yield False, str(trouble)
        return
    client = client_for(settings.bot_token.get_secret_value(), settings.api_url)
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        yield False, _why("the bot's token is refused", "auth.test", error)
        return
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        yield False, f"{settings.api_url} can't be reached: {error or type(error).__name__}"
        return
    yield True, f"SLACK_BOT_TOKEN is @{answer.get('user')} in {answer.get('team')}"
    headers = {name.lower(): value for name, value in answer.headers.items()}
    yield _scopes(headers.get("x-oauth-scopes"))
    yield await _way_in(settings)
    for channel, of in {**_channels(rules), **(channels or {})}.items():
        # An emergency is no time to learn that its channel can't be told.
        asked = client.conversations_history(channel=channel, limit=1)
        yield await _named(f"the channel {channel} of {of}", asked)
    for channel in named:
        yield await _named(f"the name of the channel {channel}", client.conversations_info(channel=channel))
    for group, rule in _groups(rules).items():
        yield await _named(
            f"the group {group} of the rule “{rule}”", client.usergroups_users_list(usergroup=group)
        )


def _channels(rules: Iterable[Rule]) -> dict[str, str]:
    told = [
        (each.channel, rule.name) for rule in rules for each in (rule.break_glass, rule.escalation) if each
    ]
    return {channel: f"the rule “{rule}”" for channel, rule in told if channel}


def _groups(rules: Iterable[Rule]) -> dict[str, str]:
    named = [
        (who_decides(rule) | (rule.escalation.tell if rule.escalation else People()), rule) for rule in rules
    ]
    return {group: rule.name for people, rule in named for group in people.groups}


async def _named(what: str, asked: Awaitable[AsyncSlackResponse]) -> tuple[bool, str]:
    try:
        await asked
    except SlackApiError as error:
        named = named_error("", error)
        why = refusal(named.code, otherwise="is it the id of this workspace's?")
        return False, f"{what} can't be used: {why}"
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        return False, f"{what} can't be tried: {error or type(error).__name__}"
    return True, f"{what} is there"


def _scopes(header: str | None) -> tuple[bool, str]:
    if header is None:
        return True, "this server does not tell which scopes the token has"
    given = {scope.strip() for scope in header.split(",")}
    lost = [scope for scope in BOT_SCOPES if scope not in given and scope not in OPTIONAL_SCOPES]
    if lost:
        return (
            False,
            f"the token lacks {', '.join(lost)}: paste `handrail manifest` into the app, and reinstall it",
        )
    return True, f"the token has all {len(BOT_SCOPES)} scopes"


async def _way_in(settings: SlackSettings) -> tuple[bool, str]:
    if settings.app_token is None:
        return True, f"events come over HTTP, signed, to port {settings.http_port}"
    client = client_for(settings.app_token.get_secret_value(), settings.api_url)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SlackApiError as error:
        return False, _why("SLACK_APP_TOKEN is refused", "apps.connections.open", error)
    except (SlackClientError, ClientError, OSError, TimeoutError) as error:
        return False, f"SLACK_APP_TOKEN can't be tried: {error or type(error).__name__}"
    return True, "SLACK_APP_TOKEN opens Socket Mode"


def _why(refused: str, method: str, error: SlackApiError) -> str:
    named = named_error(method, error)
    if not named.lasting:
        return f"the server does not say whether it takes the token, try again: {named}"
    return f"{refused}: {refusal(named.code)}"
