"""Who: identities are Slack's immutable ids, never names or e-mail addresses."""

from datetime import datetime
from enum import StrEnum

from .base import Value


class Person(Value):
    """Somebody in a workspace. Comes only from a payload that Slack authenticated."""

    team: str
    user: str


class Standing(StrEnum):
    """What kind of account a person has in the workspace the bot is installed in."""

    MEMBER = "member"
    GUEST = "guest"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    OUTSIDER = "outsider"


class PersonFacts(Value):
    """What Slack said of a person when asked: evidence for a judgement, kept in the audit."""

    person: Person
    standing: Standing
    groups: tuple[str, ...] = ()
    """Of the user groups asked about, those the person is in."""
    looked_up_at: datetime

    @property
    def in_words(self) -> str:
        """For the audit."""
        groups = f" in {' '.join(self.groups)}" if self.groups else ""
        return f"{self.person.user}: {self.standing.value}{groups}, looked up {self.looked_up_at.isoformat()}"


class PeopleQuestion(Value):
    """Which facts are wanted: of these people, membership in these user groups."""

    people: tuple[Person, ...]
    groups: tuple[str, ...] = ()


class PeopleAnswer(Value):
    """One `PersonFacts` per person asked about, in the same order."""

    facts: tuple[PersonFacts, ...]

    def of(self, person: Person) -> PersonFacts | None:
        return next((facts for facts in self.facts if facts.person == person), None)


class People(Value):
    """Some people, named by Slack user ids and user group ids. Nobody when both are empty."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.users or self.groups)

    def includes(self, facts: PersonFacts) -> bool:
        return facts.person.user in self.users or any(group in self.groups for group in facts.groups)

    def __or__(self, other: "People") -> "People":
        users = dict.fromkeys((*self.users, *other.users))
        groups = dict.fromkeys((*self.groups, *other.groups))
        return People(users=tuple(users), groups=tuple(groups))


class Place(Value):
    """Where a run lives in Slack. Without a thread, the root card starts one."""

    channel: str
    thread_ts: str | None = None
