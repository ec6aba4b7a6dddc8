"""What each tool takes. An argument that a tool does not know is refused, never ignored: a `dry_run` for a tool that
knows none must not become the real thing.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Name = Annotated[str, Field(min_length=1, max_length=100)]
ServiceName = Annotated[Name, Field(description="For example checkout")]
EnvironmentName = Annotated[Name, Field(description="staging or prod")]
VersionName = Annotated[Name, Field(description="For example 1.4.2")]
Reference = Annotated[
    str, Field(min_length=1, max_length=200, description="The caller's own mark on a ticket, kept with it")
]


class Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MaybeEnvironment(Arguments):
    environment: EnvironmentName | None = None


class MaybeService(Arguments):
    service: ServiceName | None = None


class Place(Arguments):
    service: ServiceName
    environment: EnvironmentName


class ServiceVersion(Arguments):
    service: ServiceName
    version: VersionName


class Recent(Arguments):
    service: ServiceName | None = None
    environment: EnvironmentName | None = None
    limit: int = Field(default=10, ge=1, le=100)


class LogLines(Place):
    lines: int = Field(default=20, ge=1, le=200)


class Planned(Arguments):
    service: ServiceName
    version: VersionName
    environment: EnvironmentName


class Deploy(Planned):
    expected_revision: int | None = Field(
        default=None,
        description="Only deploy if the service is still at this revision (from get_service or a plan)",
    )


class Rollback(Place):
    dry_run: bool = Field(default=False, description="Say what it would do, and do nothing")


class Restart(Place):
    request_id: Annotated[
        str, Field(min_length=1, max_length=200, description="The same id is carried out once")
    ]
    dry_run: bool = Field(default=False, description="Say what it would do, and do nothing")


class NewTicket(Arguments):
    title: Annotated[str, Field(min_length=1, max_length=200)]
    service: ServiceName
    body: Annotated[str, Field(max_length=10_000)]
    reference: Reference | None = None


class FindTickets(Arguments):
    reference: Reference | None = None
    service: ServiceName | None = None


def what_is_wrong(error: ValidationError) -> str:
    """The first thing wrong, in a line, without the value that was given."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
