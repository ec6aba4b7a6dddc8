"""What a button carries: ids and a digest, never authority. Who clicked comes from Slack's authenticated payload."""

from workflows.values.base import EffectKey, GateDigest, Value

from ..found import Scope

VALUE_LIMIT = 2000
"""Characters in a button's value: docs.slack.dev/reference/block-kit/block-elements/button-element."""
METADATA_LIMIT = 3000
"""Characters in a view's private_metadata."""


class Ref(Value):
    def packed(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    @property
    def fits_button(self) -> bool:
        return len(self.packed()) <= VALUE_LIMIT


class RunRef(Ref):
    run: str


class ApprovalRef(RunRef):
    approval: str
    gate: GateDigest
    what: str = ""
    """The change, where the button opens a dialog: it has to say what it is about, and to open within 3 seconds."""


class BreakGlassRef(ApprovalRef):
    """An approval, and the channel that is told when somebody approves it alone."""

    channel: str


class GroupRef(RunRef):
    """Several approvals under one button: exactly those that its card showed."""

    approvals: tuple[str, ...]
    gates: str
    """`gates_digest` over their gates, in this order."""


class UnknownRef(RunRef):
    effect: EffectKey
    what: str = ""


class UndoRef(RunRef):
    """A change of that run; as the value of an option it has 150 characters."""

    call: int


class FeedbackRef(RunRef):
    good: bool


class QuestionRef(RunRef):
    question: str
    choice: str = ""
    """Empty where people answer in their own words."""
    what: str = ""
    """The question, or its beginning, where they do."""


class GoalRef(Ref):
    """A goal to start, as a chip or one of two readings carries it."""

    goal: str
    agent: str = ""
    occasion: str = ""
    """Set where a start is tried again: the same occasion is the same run."""
    thread: str = ""
    plan_only: bool = False


class StartRef(Ref):
    """The form that starts a run: for which agent it is drawn, and where it was opened."""

    agent: str
    channel: str = ""
    """Empty: it is chosen in the form."""
    thread: str = ""
    author: str = ""
    """Of the message that is asked about, where a person wrote it."""
    quotes: bool = False
    kept: dict[str, str] = {}
    """By field: what was typed, and has no place in the form of this agent."""


class ListRef(Ref):
    """A page of a list of runs."""

    scope: Scope
    cursor: str = ""
    """Temporal's, for the page; empty for the first."""


class HomeRef(Ref):
    """Which page of each of its lists a home shows."""

    waits: int = 0
    """Of what waits: the first that is shown."""
    mine: str = ""
    """Temporal's cursor, for the person's runs; empty for the first page."""
    others: int = 0
    """Of what is under way in their channels: the first that is shown."""


class WhyRef(RunRef):
    """A turn of a run that is explained, and the first of its calls that are shown."""

    turn: int = 0
    """0: the latest."""
    call: int = 0
    channel: str = ""
    """In a dialog: where it was opened."""


class PageRef(ApprovalRef):
    """A page of the details, and where the card stands that they were opened from."""

    page: int = 0
    channel: str = ""
    thread: str = ""
    offer: bool = False
    """The card has no Approve for it, so the last page does."""


class ReasonRef(Ref):
    """What a modal that asks for a reason, or for an answer, is about."""

    channel: str
    thread: str = ""
    approval: ApprovalRef | None = None
    group: GroupRef | None = None
    unknown: UnknownRef | None = None
    question: QuestionRef | None = None
    said: str = ""
