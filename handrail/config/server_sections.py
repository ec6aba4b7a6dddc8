"""Where tools come from: what may be written under `servers`. Each kind is known by the key that no other has."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, SecretStr, Tag

from .forms import Section, spelled

Address = Annotated[
    str,
    spelled(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?(\?[^\s#]*)?|.*\$\{.*",
        "an address such as https://mcp.example.com/mcp, without a password in it",
    ),
]
"""Who starts no servers does not fill in what comes from the environment."""


class StdioSection(Section):
    """An MCP server, started by the worker and spoken to over stdio."""

    command: str = Field(repr=False)
    args: tuple[str, ...] = Field((), repr=False)
    env: dict[str, SecretStr] = {}
    """All that it gets to see of the environment."""

    credentials_in: ClassVar = "env"

    @property
    def credentials(self) -> dict[str, SecretStr]:
        return self.env


class OauthSection(Section):
    """OAuth's client credentials."""

    token_url: Address
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    scopes: tuple[str, ...] = ()


class McpUrlSection(Section):
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

    credentials_in: ClassVar = "headers"

    @property
    def credentials(self) -> dict[str, SecretStr]:
        return self.headers

    def passwords(self) -> Iterator[tuple[tuple[str, ...], SecretStr]]:
        """What is one wherever it comes from, and where it stands."""
        if self.bearer is not None:
            yield ("bearer",), self.bearer
        if self.oauth is not None:
            yield ("oauth", "client_secret"), self.oauth.client_secret


KINDS: dict[str, type[Section]] = {"command": StdioSection, "url": McpUrlSection}
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
    Annotated[StdioSection, Tag(tag("command"))] | Annotated[McpUrlSection, Tag(tag("url"))],
    Discriminator(
        _kind,
        custom_error_type="no_such_kind",
        custom_error_message=f"a mapping with one of the keys {', '.join(KINDS)}",
    ),
]
