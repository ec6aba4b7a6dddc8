"""Language models, asked through pydantic-ai: one request a thought, no loop of theirs, no retry but Temporal's.

What an error proves about trying again (`ModelError`) is judged here; who asks decides what to do with it.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from pydantic import SecretStr
from pydantic_ai import direct
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models import Model, ModelRequestParameters, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from workflows.values.usage import Usage

_TOO_LONG = re.compile(
    r"exceeds? the (available )?context|context (size|window|length)|input is too long", re.IGNORECASE
)
ANSWERS_WITHIN = 240.0
"""Seconds, of the 300 that a thought may take."""


@dataclass(frozen=True)
class Address:
    """A server that speaks OpenAI's protocol, such as one on this machine."""

    url: str
    model: str
    """As that server calls it."""
    key: SecretStr | None = None


class ModelError(Exception):
    """No model answered. The text is fit for people; it may quote the provider."""

    def __init__(
        self,
        text: str,
        *,
        permanent: bool,
        answered: bool,
        after: float | None = None,
        too_long: bool = False,
    ) -> None:
        super().__init__(text)
        self.too_long = too_long
        """The model can't take so much at once."""
        self.permanent = permanent
        """To ask again is no use before somebody has changed something."""
        self.answered = answered
        """The provider refused it, so it was not worked on: it costs nothing."""
        self.after = after
        """Seconds that the provider wants to be left alone, where it says so."""


class Models:
    """Every model that this worker can ask, by the names that planners use; each is set up when it is first asked."""

    def __init__(self, addresses: Mapping[str, Address]) -> None:
        self._addresses = addresses
        self._known: dict[str, Model] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def ask(
        self, names: Sequence[str], messages: Sequence[ModelMessage], parameters: ModelRequestParameters
    ) -> tuple[ModelResponse, Usage]:
        """The reply of the first that gives one, and what it took. Raises ModelError for the first that gave none."""
        failed: list[ModelError] = []
        for name in names:
            try:
                reply = await self._ask(name, messages, parameters)
            except ModelError as error:
                failed.append(error)
            else:
                usage = _usage(reply)
                return reply, usage.model_copy(update={"requests": usage.requests + len(failed)})
        waits = [error for error in failed if not error.permanent]
        # Of those that no waiting mends, this one can be mended by the run.
        too_long = [error for error in failed if error.too_long]
        raise (waits or too_long or failed)[0]

    async def _ask(
        self, name: str, messages: Sequence[ModelMessage], parameters: ModelRequestParameters
    ) -> ModelResponse:
        model = await self.ready(name)
        settings = ModelSettings(max_retries=0, timeout=ANSWERS_WITHIN)
        try:
            return await direct.model_request(
                model, messages, model_settings=settings, model_request_parameters=parameters
            )
        except ModelAPIError as error:
            raise _error(name, error) from error
        except UnexpectedModelBehavior as error:
            # What came back is not what its protocol allows.
            text = f"{name} sent an answer that can't be read: {error}"
            raise ModelError(text, permanent=False, answered=False) from error

    async def ready(self, name: str) -> Model:
        """The model, set up and not yet asked. Raises ModelError where there is no such model, or its key is not there."""
        if name not in self._known:
            address = self._addresses.get(name)
            try:
                model = _at(name, address) if address is not None else infer_model(name)
            except (UserError, ValueError, ImportError) as error:
                raise ModelError(f"{name} can't be asked: {error}", permanent=True, answered=True) from error
            self._known[name] = await self._open.enter_async_context(model)
        return self._known[name]


class _OwnServer(OpenAIChatModel):
    """OpenAI's protocol has `content: null` beside calls. Some servers refuse that, and none refuses an empty text."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with_text = [_with_text(each) for each in messages]
        return await super().request(with_text, model_settings, model_request_parameters)


def _with_text(message: ModelMessage) -> ModelMessage:
    if not isinstance(message, ModelResponse) or any(isinstance(part, TextPart) for part in message.parts):
        return message
    return replace(message, parts=[TextPart(""), *message.parts])


def _at(name: str, address: Address) -> Model:
    # Servers on one's own machine want no key, and the client insists on one.
    key = address.key.get_secret_value() if address.key is not None else "none"
    return _OwnServer(
        address.model, provider=OpenAICompatibleProvider(name, base_url=address.url, api_key=key)
    )


def _error(name: str, error: ModelAPIError) -> ModelError:
    match error:
        case ModelAuthenticationError():
            why = f"refuses the key that the worker was given: {error.message}"
        case ModelNotFoundError():
            why = f"is not known to its provider: {error.message}"
        case ModelQuotaExceededError():
            why = f"has no quota left: {error.message}"
        case ModelContextWindowExceededError():
            why = f"can't take that much at once: {error.message}"
        case _:
            why = f"gave no answer: {error.message}"
    permanent = isinstance(error, ModelRequestRejectedError | ModelQuotaExceededError)
    answered = isinstance(error, ModelHTTPError) and error.status_code < 500
    too_long = isinstance(error, ModelContextWindowExceededError) or _sounds_too_long(error)
    return ModelError(
        f"{name} {why}", permanent=permanent, answered=answered, after=error.retry_after, too_long=too_long
    )


def _sounds_too_long(error: ModelAPIError) -> bool:
    """As llama.cpp and Ollama put it, which pydantic-ai takes for any other refusal."""
    return (
        isinstance(error, ModelHTTPError)
        and error.status_code == 400
        and bool(_TOO_LONG.search(error.message))
    )


def _usage(reply: ModelResponse) -> Usage:
    tokens = reply.usage.input_tokens + reply.usage.output_tokens
    try:
        return Usage(requests=1, tokens=tokens, cost=reply.cost().total_price)
    except (LookupError, ValueError, AssertionError):
        return Usage(requests=1, tokens=tokens, cost=Decimal(0), unpriced=tokens)
