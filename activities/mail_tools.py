"""E-mail as the config declares it: who it comes from, who may be addressed, and the one message that a call makes."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from .declared import KEY_ARGUMENT, changing_schema, fingerprint
from .tool_replies import Refused, ToolDefinition

SEND = "send_email"
LONGEST_ADDRESS = 254
"""RFC 3696, erratum 1690."""
LONGEST_SUBJECT = 500
LONGEST_TEXT = 20_000
"""What people can still be shown whole, as an argument and as the message."""
MOST_ADDRESSED = 50
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@{DOMAIN}"
"""A dot-atom (RFC 5322, 3.4.1): no name beside it and no quoted part, so it can't be read in two ways."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class MailSettings:
    """A server of the config."""

    name: str
    host: str
    port: int
    sender: str
    """An address, or a name with the address in angle brackets."""
    tls: bool = False
    """From the first byte on."""
    starttls: bool = True
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    allowed: tuple[str, ...] = ()
    """Addresses, and domains of addresses; anybody when empty."""

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        return self.sender_address.rpartition("@")[2]


def definition(settings: MailSettings) -> ToolDefinition:
    address = {"type": "string", "maxLength": LONGEST_ADDRESS}
    addresses = {"type": "array", "items": address, "maxItems": MOST_ADDRESSED}
    arguments: dict[str, dict[str, Any]] = {
        "to": {**addresses, "minItems": 1},
        "cc": addresses,
        "subject": {"type": "string", "minLength": 1, "maxLength": LONGEST_SUBJECT},
        "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
    }
    only = f" Only to {', '.join(settings.allowed)}." if settings.allowed else ""
    said = [settings.host, settings.port, settings.sender, settings.user, list(settings.allowed)]
    return ToolDefinition(
        name=SEND,
        description=f"Sends an e-mail of plain text from {settings.sender_address}.{only}",
        input_schema=changing_schema(arguments, optional=("cc",)),
        output_schema=None,
        annotations={"readOnlyHint": False, "request": fingerprint(said)},
    )


@dataclass(frozen=True)
class Mail:
    """What one call sends. Made by `mail_of`, which checks it."""

    sender: Address
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    """Its lines end with a line feed alone."""
    message_id: str

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.to, *self.cc)))

    def shown(self) -> str:
        """As people read it: in the letters that are meant, whatever they are sent as."""
        headers = {
            "From": str(self.sender),
            "To": ", ".join(self.to),
            "Cc": ", ".join(self.cc),
            "Subject": self.subject,
            "Date": "(when it is sent)",
            "Message-ID": self.message_id,
            "Auto-Submitted": "auto-generated",
        }
        lines = [f"{name}: {value}" for name, value in headers.items() if value]
        return "\n".join([*lines, "", self.text])

    def as_bytes(self) -> bytes:
        """As it is sent, dated now: in ASCII, and in lines that end with CRLF."""
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        message["From"] = self.sender
        message["To"] = tuple(Address(addr_spec=each) for each in self.to)
        if self.cc:
            message["Cc"] = tuple(Address(addr_spec=each) for each in self.cc)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine should answer
        message.set_content(self.text)
        return message.as_bytes()


def mail_of(settings: MailSettings, arguments: dict[str, Any]) -> Mail:
    """Raises Refused for what could be read as more than it says, and for who may not be addressed."""
    to, cc = tuple(arguments["to"]), tuple(arguments.get("cc") or ())
    for address in (*to, *cc):
        if not re.fullmatch(ADDRESS, address):
            raise Refused(f"{address!r} is no plain address such as ops@example.com, in ASCII")
        if not _allowed(settings, address):
            raise Refused(f"{address} may not be addressed: the config allows {', '.join(settings.allowed)}")
    subject, text = arguments["subject"], re.sub(r"\r\n?", "\n", arguments["text"])
    if _UNPRINTABLE.search(subject):
        raise Refused("a subject is one line, without control characters")
    if _NOT_IN_TEXT.search(text):
        raise Refused("the text holds control characters, which do not belong into an e-mail")
    name, address = parseaddr(settings.sender)
    return Mail(
        sender=Address(display_name=name, addr_spec=address),
        to=to,
        cc=cc,
        subject=subject,
        text=text,
        message_id=f"<{arguments[KEY_ARGUMENT]}@{settings.domain}>",
    )


def _allowed(settings: MailSettings, address: str) -> bool:
    known = {entry.casefold() for entry in settings.allowed}
    return not known or not known.isdisjoint({address.casefold(), address.casefold().rpartition("@")[2]})
