"""What Temporal's visibility knows of a run: ids and states only, never text, for it is never encrypted."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from .values.run import Ask, RunSummary
from .values.spec import AgentSpec
from .values.view import RunState

STATE = SearchAttributeKey.for_keyword("HandrailState")
"""A `RunState`."""
REQUESTER = SearchAttributeKey.for_keyword("HandrailRequester")
"""`team/user`."""
AGENT = SearchAttributeKey.for_keyword("HandrailAgent")
THREAD = SearchAttributeKey.for_keyword("HandrailThread")
"""`channel/ts` of the thread's root, once it is posted."""
NAME = SearchAttributeKey.for_keyword("HandrailName")
"""`deploy-checkout-7`"""
SLUG = SearchAttributeKey.for_keyword("HandrailSlug")
"""The name without its number, to count by."""

ALL = (STATE, REQUESTER, AGENT, THREAD, NAME, SLUG)

MEMO_STATUS = "handrail_status"
"""Memo: a `RunSummary`, for status when no worker is up."""


def of_new_run(ask: Ask, spec: AgentSpec) -> TypedSearchAttributes:
    """What a run starts with."""
    known = [
        SearchAttributePair(NAME, ask.name),
        SearchAttributePair(SLUG, ask.name.rpartition("-")[0]),
        SearchAttributePair(AGENT, spec.name),
        SearchAttributePair(REQUESTER, f"{ask.requester.team}/{ask.requester.user}"),
        SearchAttributePair(STATE, RunState.WORKING.value),
    ]
    if ask.place.thread_ts is not None:
        known.append(SearchAttributePair(THREAD, f"{ask.place.channel}/{ask.place.thread_ts}"))
    return TypedSearchAttributes(known)


def first_summary(ask: Ask, spec: AgentSpec) -> RunSummary:
    """The memo that a run starts with."""
    return RunSummary(
        name=ask.name,
        goal=ask.goal,
        agent=spec.name,
        requester=ask.requester,
        place=ask.place,
        state=RunState.WORKING,
        doing="Starting",
        plan_only=ask.plan_only or spec.shadow,
    )
