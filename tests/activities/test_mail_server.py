"""An e-mail is a change like any other: shown whole, sent to all or to none, and honest about what became of it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.mail_server import MailServer
from activities.mail_tools import MailSettings
from activities.masking import PLAIN
from activities.tool_replies import NotSent, Refused, ReplyLost
from activities.tool_servers import ToolServers
from activities.tools import Tools
from tests.activities.far_end import BLOBS
from tests.activities.orders import contract, effect_of, preview_of
from workflows.values.effect import OutcomeState
from workflows.values.tools import KeyPlace, PreviewBy

SENDER = "Handrail <handrail@example.com>"
MAIL = {"to": ["ops@example.com"], "subject": "Deployed", "text": "checkout 1.4.2 is out"}
KEY = {"idempotency_key": "k" * 64}
PASSWORD = "xyzzy-7261"
ABORTS = "aborts"
"""Instead of an answer: the connection is lost."""


@dataclass
class Mailbox:
    """What a real SMTP server took; it answers MAIL, RCPT and DATA with what a test says of each."""

    taken: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    connections: int = 0

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return await self._said(server, "MAIL")

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._said(server, address)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        said = await self._said(server, "DATA")
        if said.startswith("250"):
            self.taken.append(envelope)
        return said

    async def _said(self, server: Any, to: str) -> str:
        said = self.answers.get(to, "250 fine")
        if said == ABORTS:
            server.transport.abort()
        return said


def mail_in(mailbox: Mailbox) -> EmailMessage:
    [envelope] = mailbox.taken
    read = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


@asynccontextmanager
async def smtp(mailbox: Mailbox, **options: Any) -> AsyncIterator[Mailbox]:
    def connected() -> SMTP:
        mailbox.connections += 1
        return SMTP(mailbox, hostname="mail.example.com", loop=loop, **options)

    loop = asyncio.get_running_loop()
    async with await loop.create_server(connected, "127.0.0.1", 0) as server:
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox


@pytest_asyncio.fixture
async def far() -> AsyncIterator[Mailbox]:
    async with smtp(Mailbox()) as mailbox:
        yield mailbox


def settings(far: Mailbox, **other: Any) -> MailSettings:
    return replace(MailSettings("mail", "localhost", far.port, SENDER, starttls=False), **other)


async def send(
    far: Mailbox, trusting: ssl.SSLContext | None = None, seconds: float = 5.0, **other: Any
) -> Any:
    return await MailServer(settings(far, **other), tls=trusting).call("send_email", {**MAIL, **KEY}, seconds)


async def refused(far: Mailbox, **arguments: Any) -> str:
    server = MailServer(settings(far, allowed=("example.com", "pager@elsewhere.example")))
    with pytest.raises(Refused) as why:
        await server.call("send_email", {**MAIL, **KEY, **arguments}, 5)
    assert far.connections == 0
    return str(why.value)


# What is sent


SEND = contract(
    "mail", "send_email",
    key=KeyPlace(argument="idempotency_key"), preview=PreviewBy(dry_run={"dry_run": True}), target="mail",
)  # fmt: skip


async def test_people_approve_the_whole_message_and_that_is_what_is_sent(far: Mailbox):
    tools = Tools(ToolServers([MailServer(settings(far))]), PLAIN, BLOBS)
    said = {"to": ["a@x.de"], "cc": ["b@y.de"], "subject": "Grüße 🚀", "text": "Schön:\r\n.\n.. und aus\n"}

    previewed = await ActivityEnvironment().run(tools.preview, preview_of(SEND, said))
    assert far.connections == 0
    order = effect_of(SEND, said, previewed)
    outcome = await ActivityEnvironment().run(tools.apply_once, order)

    head, _, body = previewed.shown.text.partition("\n\n")
    assert head.splitlines() == [
        f"From: {SENDER}", "To: a@x.de", "Cc: b@y.de", "Subject: Grüße 🚀", "Date: (when it is sent)",
        "Message-ID: <{key}@example.com>", "Auto-Submitted: auto-generated",
    ]  # fmt: skip
    assert body == "Schön:\n.\n.. und aus\n"
    mail, [envelope] = mail_in(far), far.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("handrail@example.com", ["a@x.de", "b@y.de"])
    assert {name: str(mail[name]) for name in ("From", "To", "Cc", "Subject", "Message-ID")} == {
        "From": SENDER, "To": "a@x.de", "Cc": "b@y.de", "Subject": "Grüße 🚀",
        "Message-ID": f"<{order.effect.key}@example.com>",
    }  # fmt: skip
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content().replace("\r\n", "\n") == body
    assert envelope.content.isascii()
    assert outcome.state is OutcomeState.APPLIED
    assert outcome.structured == {"message_id": f"<{order.effect.key}@example.com>"}


@pytest.mark.parametrize("text", [".", "a\n.\nb", "..", "x" * 3000, "tab\tand\n\n"])
async def test_no_text_ends_the_message_early(far: Mailbox, text: str):
    await MailServer(settings(far)).call("send_email", {**MAIL, **KEY, "text": text}, 5)

    assert mail_in(far).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


# Who may be addressed, and what may stand where


@pytest.mark.parametrize(
    "address",
    [
        "ops@example.com\nBcc: all@example.com", "ops@example.com\r", "ops@example.com>", "Ops <ops@example.com>",
        "ops@example.com, b@example.com", "ops@exämple.com", '"a b"@example.com', "a..b@example.com", "ops", "@example.com", "",
    ],
)  # fmt: skip
async def test_an_address_is_nothing_but_an_address(far: Mailbox, address: str):
    assert "is no plain address such as ops@example.com" in await refused(far, to=[address])
    assert "is no plain address" in await refused(far, cc=[address])


@pytest.mark.parametrize(
    "address",
    ["ops@evil.example", "ops@sub.example.com", "example.com@evil.example", "ops@elsewhere.example"],
)
async def test_nobody_else_is_addressed_than_the_config_allows(far: Mailbox, address: str):
    said = f"{address} may not be addressed: the config allows example.com, pager@elsewhere.example"

    assert await refused(far, to=["ops@example.com", address]) == said
    assert await refused(far, cc=[address]) == said


async def test_letters_of_any_size_are_the_same_address(far: Mailbox):
    server = MailServer(settings(far, allowed=("Example.com", "pager@elsewhere.example")))
    await server.call(
        "send_email", {**MAIL, **KEY, "to": ["Ops@EXAMPLE.com"], "cc": ["PAGER@Elsewhere.example"]}, 5
    )

    assert far.taken[0].rcpt_tos == ["Ops@EXAMPLE.com", "PAGER@Elsewhere.example"]


@pytest.mark.parametrize(
    "subject", ["Hi\nBcc: all@example.com", "Hi\r\n\r\nbody", "a\x00b", "a\u2028b", "a\x85b"]
)
async def test_a_subject_is_one_line(far: Mailbox, subject: str):
    assert await refused(far, subject=subject) == "a subject is one line, without control characters"


async def test_a_text_holds_no_control_characters(far: Mailbox):
    assert await refused(far, text="a\x00b") == (
        "the text holds control characters, which do not belong into an e-mail"
    )


# What an error proves


@pytest.mark.parametrize(
    ("answers", "error", "told"),
    [
        ({"MAIL": "550 not you"}, Refused, "refused it: 550 not you"),
        ({"MAIL": "451 later"}, NotSent, "refused it: 451 later"),
        ({"MAIL": ABORTS}, NotSent, "can't be used: "),
        ({"b@example.com": "550 no such box"}, Refused, r"refused it: 550 \(b@example.com\) no such box"),
        ({"b@example.com": ABORTS}, NotSent, "can't be used: "),
        ({"DATA": "554 spam"}, Refused, "refused it: 554 spam"),
        ({"DATA": "452 full"}, NotSent, "refused it: 452 full"),
        ({"DATA": ABORTS}, ReplyLost, "did not say whether it took it: "),
        ({"DATA": "199 what"}, ReplyLost, "did not say whether it took it: what"),
    ],
)  # fmt: skip
async def test_errors_are_named_by_what_they_prove(
    far: Mailbox, answers: dict[str, str], error: type[Exception], told: str
):
    far.answers = answers
    with pytest.raises(error, match=told) as caught:
        await MailServer(settings(far)).call("send_email", {**MAIL, **KEY, "cc": ["b@example.com"]}, 5)

    assert type(caught.value) is error
    assert far.taken == []


async def test_nobody_knows_what_becomes_of_a_message_that_is_not_answered_in_time(far: Mailbox):
    held = asyncio.Event()

    async def hold(*_: object) -> str:
        await held.wait()
        return "250 fine"

    far.handle_DATA = hold  # type: ignore[method-assign]
    with pytest.raises(ReplyLost, match="it did not answer in time"):
        await send(far, seconds=0.2)
    far.handle_RCPT = hold  # type: ignore[method-assign]
    with pytest.raises(NotSent, match="it did not answer in time"):
        await send(far, seconds=0.2)
    held.set()


async def test_a_lost_answer_is_told_to_people(far: Mailbox):
    tools = Tools(ToolServers([MailServer(settings(far))]), PLAIN, BLOBS)
    order = effect_of(SEND, MAIL, await ActivityEnvironment().run(tools.preview, preview_of(SEND, MAIL)))
    far.answers = {"DATA": ABORTS}

    with pytest.raises(ApplicationError) as unknown:
        await ActivityEnvironment().run(tools.apply_once, order)

    assert (unknown.value.type, unknown.value.non_retryable) == ("Ambiguous", True)


async def test_a_server_that_is_not_there_took_nothing():
    async with smtp(Mailbox()) as gone:
        pass
    with pytest.raises(NotSent, match="can't be used: Error connecting"):
        await send(gone)


# TLS and login


@pytest.fixture
def far_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def known(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def knows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


async def test_it_logs_in_over_starttls_and_trusts_no_stranger(
    far_tls: ssl.SSLContext, known: ssl.SSLContext
):
    login = {"starttls": True, "user": "handrail", "password": PASSWORD}
    options = {
        "tls_context": far_tls,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": knows,
    }
    async with smtp(Mailbox(), **options) as far:
        await MailServer(settings(far, **login), tls=known).start()
        await send(far, known, **login)
        assert mail_in(far)["Subject"] == "Deployed"
        with pytest.raises(NotSent, match="certificate"):
            await send(far, None, **login)
        with pytest.raises(Refused, match="refused it: 535") as wrong:
            await MailServer(settings(far, **{**login, "password": "guessed-it"}), tls=known).start()
        assert "guessed" not in str(wrong.value)
        assert len(far.taken) == 1


async def test_without_starttls_nothing_is_said(far: Mailbox, known: ssl.SSLContext):
    with pytest.raises(NotSent, match="STARTTLS extension not supported"):
        await send(far, known, starttls=True, user="handrail", password=PASSWORD)


async def test_smtps_is_encrypted_from_the_first_byte(far_tls: ssl.SSLContext, known: ssl.SSLContext):
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(
        lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0, ssl=far_tls
    ) as server:
        mailbox.port = server.sockets[0].getsockname()[1]
        await send(mailbox, known, tls=True)
        assert mail_in(mailbox)["Subject"] == "Deployed"
        with pytest.raises(NotSent, match="certificate"):
            await send(mailbox, None, tls=True)
