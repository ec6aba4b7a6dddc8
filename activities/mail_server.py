"""A tool server that sends e-mail: one message a call, one connection a message.

before the message is handed over     nothing was done: no connection, no TLS, no login, a sender or recipient refused
an error in answer to the message     nothing was done: RFC 5321 (4.2.5) has the server discard it
no answer, or none that can be read   nobody knows
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from typing import Any, NoReturn

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from .declared import DRY_RUN, Bounds, expected
from .mail_tools import SEND, Mail, MailSettings, definition, mail_of
from .safe import safe_text
from .tool_replies import NotSent, Refused, ReplyLost, ToolDefinition, ToolReply

LONGEST_START = 20.0
"""Seconds to be let in."""
LONGEST_QUOTE = 300
GO_AHEAD = 354
BROKEN = (SMTPException, OSError, TimeoutError)
"""All that a connection can come to."""


class MailServer:
    """A `ToolServer`. TLS is verified."""

    def __init__(self, settings: MailSettings, *, tls: ssl.SSLContext | None = None) -> None:
        """*tls* stands in for the system's authorities."""
        self.name = settings.name
        self._settings = settings
        self._given_tls = tls
        self._tools = {SEND: definition(settings)}
        self._bounds = Bounds()

    async def start(self) -> None:
        """Does it let us in? Raises NotSent."""
        try:
            async with asyncio.timeout(LONGEST_START), self._session():
                pass
        except BROKEN as error:
            self._explain(error)

    async def tools(self) -> Mapping[str, ToolDefinition]:
        return self._tools

    async def call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout: float,  # noqa: ASYNC109 - as in ToolServer
        *,
        as_listed: ToolDefinition | None = None,
    ) -> ToolReply:
        expected(self.name, self._tools, tool, as_listed)
        if self._bounds.closed:
            raise NotSent(f"{self.name} is not called any more: this worker is stopping")
        mail = mail_of(self._settings, arguments)
        if arguments.get(DRY_RUN):
            return _reply(mail.shown())
        handed_over = asyncio.Event()
        try:
            async with (
                self._bounds.until(asyncio.get_running_loop().time() + timeout),
                self._session() as smtp,
            ):
                said = await _send(smtp, mail, handed_over)
        except BROKEN as error:
            self._explain(error, handed_over=handed_over.is_set())
        return _reply(f"The mail server took it: {said}", message_id=mail.message_id)

    async def aclose(self) -> None:
        self._bounds.close()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[SMTP]:
        """Connected, encrypted where it has to be, and logged in."""
        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls,
            start_tls=settings.starttls and not settings.tls,
            username=settings.user or None,
            password=settings.password or None,
            local_hostname=settings.domain,  # the machine's own would be looked up, and told
            tls_context=self._tls,
            timeout=None,  # who calls bounds it
        )
        try:
            await smtp.connect()
            yield smtp
            with suppress(SMTPException):
                if smtp.protocol is not None:
                    smtp.protocol.write(b"QUIT\r\n")  # whatever it answers, what was done is known by now
        finally:
            smtp.close()

    def _explain(self, error: Exception, *, handed_over: bool = False) -> NoReturn:
        if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
            # The server's own word, and its text; a login's says nothing of the password.
            kind = Refused if error.code >= 500 else NotSent
            raise kind(f"the mail server of {self.name} refused it: {error.code} {_words(error)}") from None
        why = "it did not answer in time" if isinstance(error, TimeoutError) else _words(error)
        if handed_over:
            raise ReplyLost(f"the mail server of {self.name} did not say whether it took it: {why}") from None
        raise NotSent(f"the mail server of {self.name} can't be used: {why}") from None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or ssl.create_default_context()


async def _send(smtp: SMTP, mail: Mail, handed_over: asyncio.Event) -> str:
    """To all of its recipients or to none. *handed_over* is set when the message has left us. Raises what is BROKEN."""
    await smtp.mail(mail.sender.addr_spec)
    for recipient in mail.recipients:
        await smtp.rcpt(recipient)
    allowed = await smtp.execute_command(b"DATA")
    if allowed.code != GO_AHEAD or smtp.protocol is None:
        raise SMTPResponseException(allowed.code, allowed.message)
    # Not `smtp.data()`: that does not tell a connection lost before the message from one lost after it.
    smtp.protocol.write(re.sub(rb"^\.", b"..", mail.as_bytes(), flags=re.MULTILINE) + b".\r\n")
    handed_over.set()
    taken = await smtp.protocol.read_response()
    if not 200 <= taken.code < 300:
        raise SMTPResponseException(taken.code, taken.message)
    return safe_text(taken.message)[:LONGEST_QUOTE]


def _words(error: Exception) -> str:
    """On one line, quoting the server where it spoke."""
    said = " ".join(safe_text(str(getattr(error, "message", error))).split())
    recipient = getattr(error, "recipient", "")
    return (f"({recipient}) " if recipient else "") + (said[:LONGEST_QUOTE] or type(error).__name__)


def _reply(text: str, **structured: str) -> ToolReply:
    return ToolReply(text=text, structured=structured or None, is_error=False, other={})
