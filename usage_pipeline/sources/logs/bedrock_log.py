"""Bedrock model invocation logs (S3: one JSON object a line, whatever the file's name says; gzip) → usage events, one an invocation.

Token counts exclude the cache, as Bedrock bills them. `modelId` is a model's id, or the ARN of an inference profile: that of a model is
resolved to its id, that of an application inference profile stays as it is and an alias in usage.yaml names its model. The caller's
session is taken off its ARN, so that it is the role that the bill names. `requestMetadata` are the tags. Bodies are never read, and so
neither is how long a cache write lasts, which stands in them alone: it is priced as for 5 minutes.
Lines of batch jobs and of requests answered by no model are not in these logs; logging is switched on per region.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.bedrock_models import model_in
from usage_pipeline.sources.cells import iso_time, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import flat_object, value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import FAILURE, LOG_VIEW, SUCCESS, usage_events

SCHEMA = "ModelInvocationLog"
CONVERSATIONS = ("Converse", "ConverseStream")
SESSION = r"^(arn:aws[a-z-]*):sts::(\d+):assumed-role/([^/]+)/.*$"
ROLE = r"\1:iam::\2:role/\3"

FIELDS = {
    "schema_type": "schemaType",
    "id": "requestId",
    "time": "timestamp",
    "account": "accountId",
    "region": "region",
    "inference_region": "inferenceRegion",
    "operation": "operation",
    "model_id": "modelId",
    "caller": "identity.arn",
    "error": "errorCode",
    "input": "input.inputTokenCount",
    "cache_read": "input.cacheReadInputTokenCount",
    "cache_write": "input.cacheWriteInputTokenCount",
    "output": "output.outputTokenCount",
    "metadata": "requestMetadata",
}
METERS = ("input", "cache_read", "cache_write", "output")
LABELS = {"team": "team", "user": "user", "client": "client", "conversation": "conversation", "run": "run", "feature": "feature"}
"""What callers may say in the request's metadata under these names, beside its being tags."""


def to_events(records: ir.Table) -> ir.Table:
    """One event a line."""
    rows = staged(_read(lines_of(records)))
    numbers = [(rows[meter], rows[f"n_{meter}"]) for meter in METERS]
    reject = first_reason(
        ("unexpected_document", rows.schema_type.isnull() | (rows.schema_type != SCHEMA)),
        ("missing_id", rows.id.isnull()),
        *time_checks(rows.time, rows.started_at),
        *quantity_checks(numbers),
        ("missing_model", (rows.outcome == SUCCESS) & rows.model_id.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & rows.n_input.isnull() & rows.n_output.isnull()),
    )
    is_chat = rows.operation.isin(CONVERSATIONS)
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        operation=ibis.ifelse(is_chat, "chat", ibis.null("string")),
        api_type=ibis.ifelse(is_chat | (rows.n_output > 0), "text", ibis.null("string")),
        status=rows.outcome,
        channel=constant("aws.bedrock"),
        provider=constant("aws"),
        model=ibis.coalesce(model_in(rows.model_id), rows.model_id),
        region=ibis.coalesce(rows.inference_region, rows.region),
        is_batch=ibis.literal(value=False),
        provider_project_id=rows.account,
        sub_account_id=rows.account,
        principal=pseudonym(rows.caller.re_replace(SESSION, ROLE)),
        resource_id=ibis.ifelse(rows.model_id.startswith("arn:"), rows.model_id, ibis.null("string")),
        request_count=ibis.literal(1, "int64"),
        tags=rows.tags,
        **{label: pseudonym(value_in_object(rows.tags, key)) for label, key in LABELS.items()},
        **{meter: rows[f"n_{meter}"] for meter in METERS},
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `n_<name>` are the quantities."""
    return lines.mutate(
        started_at=iso_time(lines.time),
        outcome=ibis.ifelse(lines.error.notnull(), FAILURE, SUCCESS),
        tags=flat_object(lines.metadata),
        **{f"n_{meter}": whole_number(lines[meter]) for meter in METERS},
    )


SOURCE = Source(
    kind="bedrock_log",
    title="Bedrock model invocation log",
    documentation="https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html",
    format=Format.JSON_LINES,
    channel="aws.bedrock",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
