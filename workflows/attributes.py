"""What Temporal's visibility knows of a run: ids and states only, never text, for it is never encrypted."""

from temporalio.common import SearchAttributeKey

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
