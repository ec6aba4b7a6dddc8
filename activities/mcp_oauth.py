"""A token for a tool server, by OAuth's client credentials: from the address that the operator named, and no other.

The SDK has a provider of its own. It lets the tool server say where the client's secret is to be sent.
"""

import asyncio
import base64
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .masking import Masker
from .safe import safe_text
from .tool_replies import NotSent, Refused

PATIENCE = 15.0  # seconds for the whole answer
LARGEST_ANSWER = 64 * 1024  # bytes
EARLY = 30.0  # seconds before its end in which a token is no longer used
LONGEST_REASON = 200  # characters of why there is none


class Credentials(BaseModel):
    """What a client is known by."""

    model_config = ConfigDict(frozen=True)

    token_url: str
    client_id: str
    client_secret: str = Field(repr=False)
    scopes: tuple[str, ...] = ()


class _Token(BaseModel):
    access_token: str = Field(min_length=1)
    token_type: str = "bearer"  # noqa: S105 - what kind of token
    expires_in: float | None = None


@dataclass
class Tokens:
    """The token in force, for one server. Used from one event loop."""

    server: str
    resource: str
    """The address that the token is for (RFC 8707)."""
    credentials: Credentials
    masker: Masker
    _held: str = ""
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self, client: httpx2.AsyncClient) -> str:
        """Raises NotSent."""
        async with self._asking:
            if not self._held or time.monotonic() >= self._until:
                given = await self._ask(client)
                self.masker.learn(given.access_token)
                life = float("inf") if given.expires_in is None else given.expires_in - EARLY
                self._held, self._until = given.access_token, time.monotonic() + life
            return self._held

    def refused(self, token: str) -> None:
        """The server would not have *token*."""
        if token == self._held:
            self._held = ""

    async def _ask(self, client: httpx2.AsyncClient) -> _Token:
        form = {"grant_type": "client_credentials", "resource": self.resource}
        if self.credentials.scopes:
            form["scope"] = " ".join(self.credentials.scopes)
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await self._answer(client, form)
        except TimeoutError:
            raise NotSent(f"{self._who} did not answer within {PATIENCE:g} s") from None
        except httpx2.HTTPError as error:
            raise NotSent(f"{self._who} could not be reached: {self._quoted(str(error))}") from None
        if 400 <= status < 500 and status not in (408, 429):
            do = f"set client_id and client_secret of servers.{self.server}.oauth"
            raise Refused(f"{self._who} gave none ({status} {self._quoted(_reason(body))}): {do}")
        try:
            given = _Token.model_validate_json(body)
        except ValidationError:
            raise NotSent(f"{self._who} answered with {status} and no token") from None
        if given.token_type.lower() != "bearer":
            raise Refused(f"{self._who} gave a token that is no bearer token")
        return given

    async def _answer(self, client: httpx2.AsyncClient, form: dict[str, str]) -> tuple[int, bytes]:
        # RFC 6749, section 2.3.1: both are form-encoded before they become a password.
        pair = ":".join(quote(part, safe="") for part in (self.credentials.client_id, self._secret))
        headers = {
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "accept": "application/json",
            "accept-encoding": "identity",
        }
        async with client.stream("POST", self.credentials.token_url, data=form, headers=headers) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > LARGEST_ANSWER:
                    break
            return response.status_code, bytes(body)

    @property
    def _secret(self) -> str:
        return self.credentials.client_secret

    @property
    def _who(self) -> str:
        return f"the token server of {self.server}"

    def _quoted(self, said: str) -> str:
        return self.masker.quote(safe_text(said), LONGEST_REASON)


class _Error(BaseModel):
    error: str
    error_description: str = ""

    model_config = ConfigDict(extra="ignore")


def _reason(body: bytes) -> str:
    try:
        said: Any = _Error.model_validate_json(body)
    except ValidationError:
        return "without a word"
    return f"{said.error}: {said.error_description}" if said.error_description else str(said.error)
