"""Where tools come from: what may be written under `servers`. Each kind is known by the key that no other has."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, SecretStr, Tag

from activities.mail_tools import ADDRESS, DOMAIN
from workflows.outside import BOT

from .forms import Section, spelled
from .problems import KeyPath

Address = Annotated[
    str,
    spelled(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?(\?[^\s#]*)?|.*\$\{.*",
        "an address such as https://mcp.example.com/mcp, without a password in it",
    ),
]
Base = Annotated[
    str, spelled(r"https?://[^\s/?#@]+(/[^\s?#]*)?|.*\$\{.*", "an address such as https://host/api")
]
"""Who starts no servers does not fill in what comes from the environment."""

Dsn = Annotated[
    str,
    spelled(
        r"(postgresql|mysql|mariadb|sqlite)(\+\w+)?://\S*|.*\$\{.*",
        "an address of SQLAlchemy's such as postgresql://user@host/database",
    ),
]
MailHost = Annotated[
    str,
    spelled(r"smtps?://[^\s/?#@:]+(:\d{1,5})?|.*\$\{.*", "an address such as smtp://mail.example.com:587"),
]
Sender = Annotated[
    str,
    spelled(
        rf'{ADDRESS}|[^<>@,;:"\\\r\n]+ <{ADDRESS}>|.*\$\{{.*',
        "an address such as handrail@example.com or Handrail <handrail@example.com>",
    ),
]
Addressed = Annotated[str, spelled(rf"{ADDRESS}|{DOMAIN}", "an address or a domain such as example.com")]
# Slack's immutable ids: names change hands. Slack's own have no underscore; other servers' may.
ChannelId = Annotated[str, spelled(r"[CG][A-Z0-9_]+", "a Slack channel id such as C0123ABCD")]
Credentials = dict[KeyPath, SecretStr]
"""What a server is given, and where that stands in its section."""


Team = Annotated[str, spelled(r"[a-z0-9][a-z0-9_-]*", "a name of small letters, digits, _ and -")]


class Known(Section):
    """What every kind of server has."""

    use: str | None = None
    """The name of a preset, which is filled in already (`presets.py`)."""


class Served(Known):
    """What every kind has that a worker starts."""

    queue: Team | None = None
    """Of the worker that alone starts it and is given its secrets: `handrail worker --queue <this>`."""


class StdioSection(Served):
    """An MCP server, started by the worker and spoken to over stdio."""

    command: str = Field(repr=False)
    args: tuple[str, ...] = Field((), repr=False)
    env: dict[str, SecretStr] = {}
    """All that it gets to see of the environment."""

    @property
    def credentials(self) -> Credentials:
        return {("env", name): value for name, value in self.env.items()}


class OauthSection(Section):
    """OAuth's client credentials."""

    token_url: Address
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    scopes: tuple[str, ...] = ()


class McpUrlSection(Served):
    """An MCP server on the network, spoken to over HTTP."""

    url: Address
    bearer: SecretStr | None = None
    oauth: OauthSection | None = None
    headers: dict[str, SecretStr] = {}
    """Sent along with everything."""
    proxy: SecretStr | None = None
    """None of the environment's is used."""
    insecure: bool = False
    """Without TLS, to a host that may be anywhere."""

    @property
    def credentials(self) -> Credentials:
        return {("headers", name): value for name, value in self.headers.items()}

    def passwords(self) -> Iterator[tuple[tuple[str, ...], SecretStr]]:
        """What is one wherever it comes from, and where it stands."""
        if self.bearer is not None:
            yield ("bearer",), self.bearer
        if self.oauth is not None:
            yield ("oauth", "client_secret"), self.oauth.client_secret


class SuccessSection(Section):
    """Which answers mean that it was done."""

    status: tuple[int, ...] = ()
    """Every 2xx when empty."""
    where: dict[str, Any] = {}
    """Fields at the top of the answer, with the values they have then."""


class HttpToolSection(Section):
    """One request. What stands in braces is taken from the arguments."""

    description: str = Field(min_length=1)
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    arguments: dict[str, dict[str, Any]] = {}
    optional: tuple[str, ...] = ()
    query: dict[str, Any] = {}
    body: dict[str, Any] | list[Any] | str | None = None
    headers_from: dict[str, str] = {}
    idempotency_header: str | None = None
    success: SuccessSection = SuccessSection()

    @property
    def requests(self) -> list[tuple[str, str]]:
        """The method and the path; there has to be one."""
        said = ((method, getattr(self, method)) for method in ("get", "post", "put", "patch", "delete"))
        return [(method, path) for method, path in said if path is not None]


class HttpSection(Served):
    """An HTTP API, each tool of it written out here."""

    http: Base = Field(repr=False)
    headers: dict[str, SecretStr] = {}
    private: bool = False
    """It may be at a private address, and without TLS."""
    tools: dict[str, HttpToolSection] = Field(min_length=1)

    @property
    def credentials(self) -> Credentials:
        return {("headers", name): value for name, value in self.headers.items()}


class SqlToolSection(Section):
    """A query, or the statements of one change. `:name` is taken from the arguments."""

    description: str = Field(min_length=1)
    query: str | None = None
    statements: tuple[str, ...] = ()
    shows: str = ""
    """A query for the rows that the statements touch."""
    arguments: dict[str, dict[str, Any]] = {}
    optional: tuple[str, ...] = ()
    expect_rows: int | None = Field(default=None, ge=0)
    max_rows: int = Field(default=200, ge=1, le=1000)


class SqlSection(Served):
    """A database, each tool of it written out here."""

    sql: Dsn = Field(repr=False)
    password: SecretStr | None = None
    tools: dict[str, SqlToolSection] = Field(min_length=1)

    @property
    def credentials(self) -> Credentials:
        return {("password",): self.password} if self.password else {}


class CommandSection(Section):
    """One command. What stands in braces is taken from the arguments."""

    description: str = Field(min_length=1)
    run: tuple[str, ...] = Field(min_length=1)
    arguments: dict[str, dict[str, Any]] = {}
    optional: tuple[str, ...] = ()
    stdin: str | None = None
    output: Literal["text", "json"] = "text"
    success_exit: tuple[int, ...] = Field((0,), min_length=1)
    dashes: bool = False
    """Values may begin with a dash."""
    artifact: Literal["made", "taken"] | None = None
    """What becomes of the file at {artifact}."""


class CommandsSection(Served):
    """Programs that the worker runs, each written out here."""

    commands: dict[str, CommandSection] = Field(min_length=1)
    env: dict[str, SecretStr] = {}
    """All that they get to see of the environment, beside PATH."""
    folder: str | None = None
    """Where they work."""
    user: str | None = None
    """Whom they run as, where the worker is root."""
    output_limit: int = Field(1_000_000, ge=10_000, le=50_000_000)
    """Bytes of each stream that are kept."""

    @property
    def credentials(self) -> Credentials:
        return {("env", name): value for name, value in self.env.items()}


class PythonSection(Served):
    """Functions that the worker calls: a module, or an entry point."""

    python: str = Field(min_length=1)

    @property
    def credentials(self) -> Credentials:
        """None of its own: its functions see the worker's environment."""
        return {}


class MailSection(Served):
    """A mail server: one tool, that sends an e-mail."""

    smtp: MailHost = Field(repr=False)
    from_: Sender = Field(alias="from")
    user: str = ""
    password: SecretStr | None = None
    to: tuple[Addressed, ...] = ()
    """Nobody else is addressed; anybody where there is none."""
    insecure: bool = False
    """Without TLS, to a host that may be anywhere."""

    @property
    def credentials(self) -> Credentials:
        return {("password",): self.password} if self.password else {}


POST, FIND = "post_message", "find_message"


class ChannelsSection(Section):
    channels: tuple[ChannelId, ...] = Field(min_length=1)
    """Nowhere else is anything posted."""


class PostsSection(Known):
    """Channels of Slack: one tool posts there, by the bot, which alone has the token."""

    slack: ChannelsSection

    @property
    def queue(self) -> str:
        return BOT

    @property
    def credentials(self) -> Credentials:
        return {}


KINDS: dict[str, type[Section]] = {
    "command": StdioSection,
    "url": McpUrlSection,
    "http": HttpSection,
    "sql": SqlSection,
    "commands": CommandsSection,
    "python": PythonSection,
    "smtp": MailSection,
    "slack": PostsSection,
}
"""By the key that tells them apart."""


def tag(key: str) -> str:
    """What pydantic puts into the path of an error, where no key of the file can be taken for it."""
    return f"({key})"


def _kind(said: Any) -> str | None:
    if isinstance(said, Section):
        return next(tag(key) for key, kind in KINDS.items() if isinstance(said, kind))
    keys = said if isinstance(said, dict) else ()
    return next((tag(key) for key in KINDS if key in keys), None)


ServerSection = Annotated[
    Annotated[StdioSection, Tag(tag("command"))]
    | Annotated[McpUrlSection, Tag(tag("url"))]
    | Annotated[HttpSection, Tag(tag("http"))]
    | Annotated[SqlSection, Tag(tag("sql"))]
    | Annotated[CommandsSection, Tag(tag("commands"))]
    | Annotated[PythonSection, Tag(tag("python"))]
    | Annotated[MailSection, Tag(tag("smtp"))]
    | Annotated[PostsSection, Tag(tag("slack"))],
    Discriminator(
        _kind,
        custom_error_type="no_such_kind",
        custom_error_message=f"a mapping with one of the keys {', '.join(KINDS)}",
    ),
]
