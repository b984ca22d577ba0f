"""LiteLLM's database table LiteLLM_SpendLogs, exported as CSV, JSON lines or Parquet → usage events.

The same requests as the payloads of the S3 logger, under the same ids: read one of the two, as each source counts its own requests.
`metadata` holds the usage object; without it nothing tells what was cached. `cache_hit` is the text 'True', 'False' or ''.
https://github.com/BerriAI/litellm/blob/main/schema.prisma
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time, iso_time
from usage_pipeline.sources.logs.litellm_requests import QUANTITIES, REQUEST_FIELDS, USAGE, to_events
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

KEY = "metadata.user_api_key_"
REQUEST = "proxy_server_request"

FIELDS = {
    "id": "request_id",
    "trace_id": "metadata.trace_id",
    **REQUEST_FIELDS,
    "response_cost": "spend",
    **QUANTITIES,
    "image_count": f"{REQUEST}.n",
    "seconds": f"{USAGE}.seconds",
    "key_hash": "api_key",
    "key_alias": f"{KEY}alias",
    "org_id": "organization_id",
    "team_id": "team_id",
    "team_alias": f"{KEY}team_alias",
    "key_user_id": "user",
    "key_end_user_id": f"{KEY}end_user_id",
    "end_user": "end_user",
    "spend_logs_metadata": "metadata.spend_logs_metadata",
    "requester_metadata": "metadata.requester_metadata",
    "request_tags": "request_tags",
    "prompt_id": "metadata.prompt_management_metadata.prompt_id",
    "served_tier": f"{USAGE}.service_tier",
    "hidden_tier": "metadata.service_tier",
    "asked_tier": f"{REQUEST}.service_tier",
    "inference_geo": f"{USAGE}.inference_geo",
    "speed": f"{USAGE}.speed",
}


def to_row_events(records: ir.Table) -> ir.Table:
    """One event a row; times are UTC without a zone."""
    return to_events(records, _time)


def _time(text: ir.StringValue) -> ir.TimestampValue:
    return ibis.coalesce(iso_time(text), epoch_time(text))


SOURCE = Source(
    kind="litellm_spend_logs",
    title="LiteLLM spend logs",
    documentation="https://github.com/BerriAI/litellm/blob/main/schema.prisma",
    format=Format.ROWS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_row_events,
    unique_ids=True,
)
