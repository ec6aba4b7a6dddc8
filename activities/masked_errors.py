"""What goes wrong in a step is stored in the run's history, and told to people: without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError, FailureError

from .masking import Masker


@contextmanager
def masked_errors(masker: Masker) -> Iterator[None]:
    """An error that leaves holds no secret, and nor does anything that it was caused by."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told on
        masked = _masked(error, masker)
        raise masked from masked.__cause__


def _masked(error: BaseException, masker: Masker) -> BaseException:
    if isinstance(error, FailureError) and not isinstance(error, ApplicationError):
        return error  # a cancellation, and its kin: no text of anybody's
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = _application_error(error, masker)
    # As Temporal's own converter does it, which would tell of the context too.
    told.__cause__ = None if cause is None else _masked(cause, masker)
    return told.with_traceback(error.__traceback__)


def _application_error(error: BaseException, masker: Masker) -> ApplicationError:
    if not isinstance(error, ApplicationError):
        return ApplicationError(masker.text(str(error)), type=type(error).__name__)
    return ApplicationError(
        masker.text(error.message),
        *(masker.value(detail) for detail in error.details),
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=error.next_retry_delay,
        category=error.category,
    )
