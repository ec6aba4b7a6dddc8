"""One request for decisions on one gate digest."""

from datetime import datetime, timedelta
from enum import StrEnum

from .base import CanonicalJson, EffectDigest, EffectKey, GateDigest, Json, Value
from .calls import Call
from .people import Person, PersonFacts
from .spec import Rule
from .tools import ToolContract


class Shown(Value):
    """A preview as people see it, in full, with secrets masked: all that the bot ever holds of a call."""

    arguments: CanonicalJson = CanonicalJson("{}")
    """Of the call. The digests are over the true ones."""
    masked: bool = False
    """Something in it is masked."""
    locked: tuple[str, ...] = ()
    """Top-level arguments in which something is masked: they can't be edited."""
    content: Json = None
    """The tool's structured answer, where it gave one."""
    text: str = ""
    by_tool: bool = True
    """False: the tool has no preview; the call itself is all there is to see."""
    complete: bool = True
    """False: it was too long to keep whole, so it can't be approved."""


class Previewed(Value):
    """What the preview step found out about one call."""

    definition: str
    """SHA-256 over the tool's definition as its server lists it."""
    precondition: CanonicalJson
    """What must still hold when it is applied: the identity of the preview."""
    expected: Json = None
    """The value the contract's `precondition` sends along with the apply."""
    before: dict[str, Json] = {}
    """What the contract's `undo` takes from the preview, as it names it; true values, and never shown."""
    shown: Shown
    input_schema: Json = None
    """What people may fill in: JSON Schema without references. None: no form can be made of it."""
    problem: str = ""
    """The tool refused to preview: there is nothing to approve."""
    changed: bool = False
    """With a problem: the tool, or the one that previews it, is not what it was when the run began."""


class Effect(Value):
    """What would happen: the values under the effect digest."""

    call: Call
    contract: ToolContract
    target: str
    environment: str
    definition: str
    precondition: CanonicalJson
    expected: Json = None
    digest: EffectDigest
    key: EffectKey
    n: int
    """Grows only when the one before ended not applied."""


class Vote(Value):
    person: Person
    approve: bool
    reason: str
    clicked_at: datetime
    facts: PersonFacts
    break_glass: bool = False


class ApprovalState(StrEnum):
    OPEN = "open"
    QUORUM = "quorum"
    """Enough people approved; evidence is being gathered for admission."""
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    PLANNED = "planned"
    """Never open: its run only plans, so nobody is asked."""

    @property
    def ended(self) -> bool:
        return self not in {ApprovalState.OPEN, ApprovalState.QUORUM}


class Approval(Value):
    """A gate: an effect, what was shown of it, under which rule, and what people said."""

    id: str
    """`call.generation`, such as `4.1`."""
    effect: Effect
    gate: GateDigest
    nonce: str
    rule: Rule
    requesters: tuple[Person, ...]
    """Who asked: the run's requester, and whoever changed the goal or the arguments since."""
    home_team: str
    shown: Shown
    before: Shown | None = None
    """What an earlier generation had shown, when drift made this one."""
    opened_at: datetime
    slot: str = ""
    """The card it stands on: `approval/4.1` alone, `changes/3/1` with other changes of its turn."""
    held: str = ""
    """Why its admission waits, in words: a freeze."""
    deadline: datetime | None = None
    """Set when the posting of the card is confirmed."""
    state: ApprovalState = ApprovalState.OPEN
    votes: tuple[Vote, ...] = ()
    ended_at: datetime | None = None
    why: str = ""
    """In words, once ended."""


class Admission(Value):
    """Proof that an effect may be applied. Made only by `rules.admission.admit`."""

    effect: EffectDigest
    gate: GateDigest | None
    """None: the rules allow this effect without asking anybody."""
    rule: str
    votes: tuple[Vote, ...]
    admitted_at: datetime
    fresh_for: timedelta = timedelta(minutes=15)
    """So much later it is not carried out any more."""
    break_glass: bool = False
    """One named person approved it alone: to be reviewed."""
