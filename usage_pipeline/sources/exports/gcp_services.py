"""Which lines of a Google bill are about models, and who bills them: one bill holds the whole cloud."""

import ibis
import ibis.expr.types as ir

SERVICES = {"AEFD-7695-64FA": "google.gemini", "C7E2-9256-1C43": "google.vertex"}
"""Ids of the services that bill AI usage, and their channels."""

SERVICE_NAMES = {"gemini api": "google.gemini", "vertex ai": "google.vertex"}
"""The same by name, where a console's table was exported without ids."""

WHOLE_BILL = "google"
"""The channel of lines for the bill as a whole: tax, rounding."""

INVOICE = "invoice"
"""The name of the service of such lines, where they have one."""


def ai_channel(rows: ir.Table) -> ir.StringValue:
    """The channel of `rows` with service_id, service and sku_description; null for another service.

    A partner's model may be sold under a service of its own: Claude models by any service are Vertex AI's.
    """
    by_name = rows.service.lower().strip().cases(*SERVICE_NAMES.items())
    return ibis.coalesce(
        rows.service_id.cases(*SERVICES.items()),
        ibis.ifelse(rows.service_id.isnull(), by_name, ibis.null("string")),
        ibis.ifelse(rows.sku_description.lower().strip().startswith("claude "), "google.vertex", ibis.null("string")),
    )


def is_whole_bill(rows: ir.Table) -> ir.BooleanValue:
    """Whether a line that is no usage names no service, so that it is about all of them."""
    unnamed = rows.service_id.isnull() & rows.service.isnull()
    return (rows.category != "Usage") & (unnamed | (rows.service.lower() == INVOICE))
