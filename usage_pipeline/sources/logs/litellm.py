"""LiteLLM gateway log (StandardLoggingPayload: the S3/GCS logger's one JSON a request, or JSON lines) → usage events.

What the fields mean: litellm_requests.py.
https://docs.litellm.ai/docs/proxy/logging_spec
"""

import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time
from usage_pipeline.sources.logs.litellm_requests import QUANTITIES, REQUEST_FIELDS, USAGE, to_events
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

KEY = "metadata.user_api_key_"

FIELDS = {
    "id": "id",
    "trace_id": "trace_id",
    **REQUEST_FIELDS,
    "response_cost": "response_cost",
    **QUANTITIES,
    "image_count": "model_parameters.n",
    "seconds": f"{USAGE}.seconds",
    "key_hash": f"{KEY}hash",
    "key_alias": f"{KEY}alias",
    "org_id": f"{KEY}org_id",
    "team_id": f"{KEY}team_id",
    "team_alias": f"{KEY}team_alias",
    "key_user_id": f"{KEY}user_id",
    "key_end_user_id": f"{KEY}end_user_id",
    "end_user": "end_user",
    "spend_logs_metadata": "metadata.spend_logs_metadata",
    "requester_metadata": "metadata.requester_metadata",
    "request_tags": "request_tags",
    "prompt_id": "metadata.prompt_management_metadata.prompt_id",
    "served_tier": f"{USAGE}.service_tier",
    "hidden_tier": "hidden_params.service_tier",
    "asked_tier": "model_parameters.service_tier",
    "inference_geo": f"{USAGE}.inference_geo",
    "speed": f"{USAGE}.speed",
}


def to_payload_events(records: ir.Table) -> ir.Table:
    """One event a payload; times are seconds since 1970."""
    return to_events(records, epoch_time)


SOURCE = Source(
    kind="litellm",
    title="LiteLLM gateway log",
    documentation="https://docs.litellm.ai/docs/proxy/logging_spec",
    format=Format.JSON_LINES,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_payload_events,
    unique_ids=True,
)
