"""A change of a plain HTTP API: previewed, approved, and done once though its answer is lost."""

from sandbox.client import words
from tests.activities.api import api
from tests.activities.billing import Billing
from tests.journeys.stage import raised

CONFIG = """\
servers:
  billing:
    http: ${BILLING}
    private: true
    headers: {Authorization: "Bearer ${BILLING_TOKEN}"}
    tools:
      get_invoice: {description: An invoice., get: "/invoices/{id}", arguments: {id: {type: string}}}
      refund:
        description: Pays an invoice back.
        post: /invoices/{id}/refunds
        arguments: {id: {type: string}, amount: {type: integer}, etag: {type: string}}
        optional: [etag]
        body: {amount: "{amount}"}
        headers_from: {If-Match: "{etag}"}
        idempotency_header: Idempotency-Key
tools:
  billing.get_invoice: {reads: true}
  billing.refund:
    class: idempotent
    key_in: {argument: idempotency_key}
    preview: {tool: get_invoice}
    precondition: {field: etag, argument: etag}
    target: invoices/{id}
    proves_nothing_done: ["code 4(0[0-5]|09|1[023]|22)"]
rules:
  - {name: money, then: ask, approvers: {users: [U0BOB]}}
agents:
  refund:
    description: Pays an invoice back.
    runbook:
      phrases: ["refund <amount> of <id>"]
      steps:
        - {id: done, title: "Refund {{ amount }}", call: billing.refund, with: {id: "{{ id }}", amount: "{{ amount | int }}"}}
      answer: "{{ done.refunded }} was paid back."
"""


async def test_a_refund_is_paid_once_after_bob_agreed(tmp_path):
    billing = Billing()
    (tmp_path / "handrail.yaml").write_text(CONFIG)
    async with api() as far:
        far.answers = billing
        environ = {
            "HANDRAIL_CONFIG": str(tmp_path / "handrail.yaml"),
            "BILLING": far.base,
            "BILLING_TOKEN": "t0ken-of-billing",
        }
        async with raised(tmp_path, environ) as stage:
            thread = await stage.ask("refund 40 of 7")
            card = await thread.shows("Approval needed")
            assert "100" in words(card)
            assert billing.refunds == {}

            def loses_the_first(heard):
                far.answers = billing
                billing(heard)
                return b""

            looked = [line for line in far.lines() if line.startswith("GET")]
            far.answers = lambda heard: loses_the_first(heard) if "POST" in heard.line else billing(heard)
            await thread.press("Approve", by=stage.bob)
            root = await thread.ends("done")

        assert "40 was paid back." in words(root)
        assert list(billing.refunds.values()) == [40]
        sent = [heard for heard in far.heard if heard.line.startswith("POST")]
        assert len(sent) == 2
        assert len({heard.headers["idempotency-key"] for heard in sent}) == 1
        assert len(far.lines()) > len(looked) + len(sent)  # it was looked at again before it was applied
