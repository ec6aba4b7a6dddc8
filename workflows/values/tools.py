"""What an operator says of a tool: its contract. Never the tool's own say-so."""

from enum import StrEnum

from .base import Json, Value


class EffectClass(StrEnum):
    """What a retry may do (DESIGN, "Effect")."""

    IDEMPOTENT = "idempotent"
    """The upstream deduplicates by our key: retry freely with the same key."""
    VERIFIABLE = "verifiable"
    """Before any retry the tool is asked whether our key's effect exists: found is applied, absent may be retried."""
    AT_MOST_ONCE = "at_most_once"
    """One attempt. What proves that nothing was done is not applied; all else is unknown."""


class PreviewBy(Value):
    """How the tool itself says what a call would do. With neither field set, the call is its own preview."""

    tool: str | None = None
    """Another tool of the same server, called with the arguments that it knows: a plan."""
    dry_run: dict[str, Json] | None = None
    """Arguments that turn the tool itself into a dry run, laid over those of the call."""
    applies: str | None = None
    """A field of *tool*'s answer that names a file by its content, such as a saved plan. That very file is applied, as
    the argument of the same name: it is never previewed anew, for another plan would be another file."""


class Precondition(Value):
    """The version or ETag that the preview saw, sent along so that the upstream refuses when it moved."""

    field: str
    """A top-level field of the preview's structured content."""
    argument: str
    """The tool's argument that takes it."""


class KeyForm(StrEnum):
    """How a key stands in the argument that takes it."""

    VALUE = "value"
    """The argument is the key."""
    TRAILER = "trailer"
    """A last line is added to the text: a commit message, a description."""
    LABEL = "label"
    """An item is added to the list."""


class KeyPlace(Value):
    """Where the idempotency key goes, so that the upstream or `Verify` can know it again."""

    argument: str
    form: KeyForm = KeyForm.VALUE


class Verify(Value):
    """How to ask whether our key's effect exists."""

    tool: str
    """A reading tool of the same server."""
    arguments: dict[str, Json] = {}
    """Texts in it may name `{key}` and the call's own top-level arguments."""
    found: str = ""
    """A top-level field of its structured answer: a list or a number says how many there are, a boolean whether.

    When empty, the key itself is counted in the answer's text: so many lines hold it.
    """
    settle_seconds: float = 60.0
    """How long after a lost reply an absence begins to mean something: the upstream may still be at it."""


class Undo(Value):
    """The call that takes back what a call of this tool did."""

    tool: str
    """`server.tool`; it has a contract of its own, by which it is previewed, approved and applied."""
    arguments: dict[str, Json] = {}
    """Texts in it may name the call's own top-level arguments, `{preview.field}` and `{result.field}`."""


Pins = dict[str, str]
"""By `server.tool`: SHA-256 over the tool's definition, as it was when the run first saw it."""


class ToolContract(Value):
    """One tool as this deployment may use it."""

    name: str
    """`server.tool`, the name that planners and rules use."""
    server: str
    tool: str
    reads: bool = False
    """It only reads: runs without approval, may be retried freely."""
    effect_class: EffectClass = EffectClass.AT_MOST_ONCE
    preview: PreviewBy = PreviewBy()
    preview_identity: tuple[str, ...] = ()
    """Fields of the preview that make it the same effect; all of them, and the text beside them, when empty."""
    precondition: Precondition | None = None
    key: KeyPlace | None = None
    """Where the idempotency key goes; None where the tool takes none."""
    verify: Verify | None = None
    """Needed for `verifiable`."""
    undo: Undo | None = None
    """What takes it back; None where nothing does."""
    environment: str = ""
    """Template over the arguments, such as `{environment}`."""
    target: str = ""
    """Template over the arguments, such as `{environment}/{service}`: one run at a time works on it."""
    proves_nothing_done: tuple[str, ...] = ()
    """Regular expressions (RE2): a match at the start of an error's text, or of all of `code <its code>`, proves that
    nothing was done."""
    queue: str = ""
    """A team's own: only its worker calls this tool. Else the one of all others."""
    timeout_seconds: float = 30.0
    """The longest honest time of one call."""
    where_to_look: str = ""
    """Told to people when an outcome is unknown: where the truth can be seen."""

    @property
    def names(self) -> tuple[str, ...]:
        """The tool and those that preview and verify it, each as `server.tool`."""
        others = (self.preview.tool, self.verify and self.verify.tool)
        return (f"{self.server}.{self.tool}", *(f"{self.server}.{other}" for other in others if other))
