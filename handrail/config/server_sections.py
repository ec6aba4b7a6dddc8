"""Where tools come from: what may be written under `servers`. Each kind is known by the key that no other has."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, SecretStr, Tag

from .forms import Section, spelled

Team = Annotated[str, spelled(r"[a-z0-9][a-z0-9_-]*", "a name of small letters, digits, _ and -")]


class Served(Section):
    """What every kind of server has."""

    queue: Team | None = None
    """Of the worker that alone starts it and is given its secrets: `handrail worker --queue <this>`."""


class StdioSection(Served):
    """An MCP server, started by the worker and spoken to over stdio."""

    command: str = Field(repr=False)
    args: tuple[str, ...] = Field((), repr=False)
    env: dict[str, SecretStr] = {}
    """All that it gets to see of the environment."""

    credentials_in: ClassVar = "env"

    @property
    def credentials(self) -> dict[str, SecretStr]:
        return self.env


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

    credentials_in: ClassVar = "env"

    @property
    def credentials(self) -> dict[str, SecretStr]:
        return self.env


class PythonSection(Served):
    """Functions that the worker calls: a module, or an entry point."""

    python: str = Field(min_length=1)

    credentials_in: ClassVar = ""

    @property
    def credentials(self) -> dict[str, SecretStr]:
        """None of its own: its functions see the worker's environment."""
        return {}


KINDS: dict[str, type[Section]] = {
    "command": StdioSection,
    "commands": CommandsSection,
    "python": PythonSection,
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
    | Annotated[CommandsSection, Tag(tag("commands"))]
    | Annotated[PythonSection, Tag(tag("python"))],
    Discriminator(
        _kind,
        custom_error_type="no_such_kind",
        custom_error_message=f"a mapping with one of the keys {', '.join(KINDS)}",
    ),
]
