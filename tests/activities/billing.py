"""A billing API, as an operator declares it, and what stands behind it."""

from dataclasses import dataclass, field
from typing import Any

from activities.http_tools import HttpSettings, HttpTool
from tests.activities.api import Heard, answer
from workflows.values.tools import EffectClass, KeyPlace, Precondition, PreviewBy, ToolContract, Verify

TEXT = {"type": "string"}
TOOLS = {
    "get_invoice": HttpTool("An invoice.", "GET", "/invoices/{id}", {"id": TEXT}),
    "find_refunds": HttpTool("Refunds.", "GET", "/refunds", {"key": TEXT}, query={"key": "{key}"}),
    "refund": HttpTool(
        description="Pays an invoice back.",
        method="POST",
        path="/invoices/{id}/refunds",
        arguments={"id": TEXT, "amount": {"type": "integer"}, "etag": TEXT},
        optional=("etag",),
        body={"amount": "{amount}"},
        headers_from={"If-Match": "{etag}"},
        idempotency_header="Idempotency-Key",
    ),
}


def settings(base: str) -> HttpSettings:
    return HttpSettings("billing", base, TOOLS, headers={"Authorization": "Bearer t0ken"}, private=True)


def contract(tool: str, **terms: Any) -> ToolContract:
    return ToolContract(name=f"billing.{tool}", server="billing", tool=tool, timeout_seconds=5.0, **terms)


LOOK = contract("get_invoice", reads=True)
REFUND = contract(
    "refund",
    effect_class=EffectClass.IDEMPOTENT,
    key=KeyPlace(argument="idempotency_key"),
    preview=PreviewBy(tool="get_invoice"),
    precondition=Precondition(field="etag", argument="etag"),
    target="invoices/{id}",
    proves_nothing_done=("code 4(0[0-5]|09|1[023]|22)",),
)
FINDABLE = REFUND.model_copy(
    update={
        "effect_class": EffectClass.VERIFIABLE,
        "verify": Verify(tool="find_refunds", arguments={"key": "{key}"}, found="result"),
    }
)


@dataclass
class Billing:
    """One invoice. It pays once for each key, and only the invoice that was looked at."""

    version: int = 1
    refunds: dict[str, int] = field(default_factory=dict)

    def __call__(self, heard: Heard) -> bytes:
        _, target, _ = heard.line.split(" ")
        if target.startswith("/api/v2/refunds"):
            return answer(200, [key for key in self.refunds if f"key={key}" in target])
        if target == "/api/v2/invoices/7":
            return answer(200, {"id": "7", "total": 100}, ETag=self.etag)
        if target != "/api/v2/invoices/7/refunds":
            return answer(404, {"error": "no such invoice"})
        key = heard.headers["idempotency-key"]
        if key not in self.refunds:
            if heard.headers["if-match"] != self.etag:
                return answer(412, {"error": "the invoice moved"})
            self.refunds[key] = heard.json["amount"]
            self.version += 1
        return answer(201, {"refunded": self.refunds[key]})

    @property
    def etag(self) -> str:
        return f'"v{self.version}"'
