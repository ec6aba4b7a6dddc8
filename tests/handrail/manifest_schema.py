"""What Slack accepts as a manifest, as far as ours goes: written from its reference, with its limits.

Slack publishes a JSON Schema (github.com/slackapi/manifest-schema); no package on PyPI or npm carries it, so it can't
be a dependency of a test that runs offline. Like that one, this refuses every key it does not know. The manifest was
held against the published schema by hand, both versions, when it was last changed.
"""

from typing import Any

Schema = dict[str, Any]


def text(longest: int, shortest: int = 1) -> Schema:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def mapping(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


def items(of: Schema, most: int) -> Schema:
    return {"type": "array", "items": of, "maxItems": most, "uniqueItems": True}


YES_NO: Schema = {"type": "boolean"}
HTTPS: Schema = {"type": "string", "pattern": "^https://"}

MANIFEST = mapping(
    required=("display_information", "features", "oauth_config", "settings"),
    _metadata=mapping(major_version={"enum": [1, 2]}, minor_version={"type": "integer"}),
    display_information=mapping(
        required=("name",),
        name=text(35),
        description=text(140),
        long_description=text(4000, 175),
        background_color={"type": "string", "pattern": "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"},
    ),
    features=mapping(
        agent_view=mapping(required=("agent_description",), agent_description=text(300)),
        app_home=mapping(
            home_tab_enabled=YES_NO, messages_tab_enabled=YES_NO, messages_tab_read_only_enabled=YES_NO
        ),
        bot_user=mapping(required=("display_name",), display_name=text(80), always_online=YES_NO),
        shortcuts=items(
            mapping(
                required=("name", "type", "callback_id", "description"),
                name=text(24),
                type={"enum": ["message", "global"]},
                callback_id=text(255),
                description=text(150),
            ),
            10,
        ),
        slash_commands=items(
            mapping(
                required=("command", "description"),
                command={**text(32), "pattern": "^/"},
                description=text(2000),
                usage_hint=text(1000),
                url=HTTPS,
                should_escape=YES_NO,
            ),
            50,
        ),
    ),
    oauth_config=mapping(scopes=mapping(bot=items(text(100), 255), bot_optional=items(text(100), 255))),
    settings=mapping(
        event_subscriptions=mapping(request_url=HTTPS, bot_events=items(text(100), 100)),
        interactivity=mapping(required=("is_enabled",), is_enabled=YES_NO, request_url=HTTPS),
        org_deploy_enabled=YES_NO,
        socket_mode_enabled=YES_NO,
        token_rotation_enabled=YES_NO,
    ),
)
