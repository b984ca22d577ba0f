"""Where a provider's body lies in its line, and what stands around it: the paths of `raw_usage`, and one column for what lies in many.

In: records with the columns of FIELDS. Out: the same lines with one column per fact of the body, wherever in the line it was.
FIELDS is an allow-list: choices, content, candidates, prompts, error texts are never read.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.source import Path

WRAPPED = "body"
"""The key under which an application puts the provider's body into a line of its own."""

ENVELOPES: Mapping[str, tuple[str, ...]] = {
    "batch": ("response", "body"),
    "event": ("response",),
    "result": ("result", "message"),
    "bare": (),
}
"""Innermost first: an OpenAI batch output line, a stream's or realtime event, an Anthropic batch result, the body itself."""

OPENAI_BODY = {
    "id": ("id",),
    "model": ("model",),
    "usage": ("usage",),
    "object": ("object",),
    "state": ("status",),
    "created": ("created",),
    "created_at": ("created_at",),
    "completed_at": ("completed_at",),
    "tier": ("service_tier",),
    "metadata": ("metadata",),
    "error_type": ("error", "type"),
    "error_code": ("error", "code"),
}
GOOGLE_BODY = {
    "usage_metadata": ("usageMetadata",),
    "usage_metadata_python": ("usage_metadata",),
    "model_version": ("modelVersion",),
    "model_version_python": ("model_version",),
    "response_id": ("responseId",),
    "response_id_python": ("response_id",),
    "create_time": ("createTime",),
    "create_time_python": ("create_time",),
}
ANTHROPIC_BODY = {"id": ("id",), "model": ("model",), "usage": ("usage",), "type": ("type",)}
OTHER_BODIES = {
    "type": ("type",),
    "request_id": ("request_id",),
    "aws_request_id": ("requestId",),
    "aws_sdk_request_id": ("ResponseMetadata", "RequestId"),
    "aws_model_id": ("modelId",),
    "billed_units": ("meta", "billed_units"),
    "upstream": ("provider",),
}
BODIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "batch": OPENAI_BODY,
    "event": OPENAI_BODY | GOOGLE_BODY,
    "result": ANTHROPIC_BODY,
    "bare": OPENAI_BODY | GOOGLE_BODY | OTHER_BODIES,
}
"""What is read of the body in each envelope."""

ROUND = {
    "custom_id": ("custom_id",),
    "status_code": ("response", "status_code"),
    "result_type": ("result", "type"),
}
"""What a batch says around the body."""

AS_GIVEN = (
    "operation", "run", "feature", "region", "speed", "api_key", "provider_project_id", "provider_project_name", "workspace_id",
    "sub_account_id", "resource_id",
)  # fmt: skip
PERSONAL = ("team", "user", "client", "api_key_name", "principal")
OWN = (
    "at", "started_at", "timestamp", "ended_at", "channel", "is_batch", "api_type", "project", "conversation", "prompt_id", "tags",
    "request_tags", *AS_GIVEN, *PERSONAL,
)  # fmt: skip
"""What only the application itself says, at the top of its line."""


def _paths() -> dict[str, Path]:
    paths: dict[str, Path] = {f"own_{name}": (name,) for name in OWN}
    for wrap, prefix in {"": tuple[str, ...](), "wrapped_": (WRAPPED,)}.items():
        for envelope, place in ENVELOPES.items():
            paths |= {f"{wrap}{envelope}_{name}": (*prefix, *place, *path) for name, path in BODIES[envelope].items()}
        paths |= {f"{wrap}round_{name}": (*prefix, *path) for name, path in ROUND.items()}
    return paths


FIELDS: Mapping[str, Path] = _paths()


def unwrapped(lines: ir.Table) -> ir.Table:
    """source_file, source_line, and a text column for each fact: the innermost place that has it counts.

    `given_provider` is what the application says; `upstream` the provider that OpenRouter's body names.
    """
    found = {name: _first(lines, name) for name in dict.fromkeys(name for body in BODIES.values() for name in body)}
    wrapped = ibis.coalesce(*(lines[name] for name in FIELDS if name.startswith("wrapped_") and name.endswith(("_usage", "_id", "_model"))))
    return lines.select(
        "source_file",
        "source_line",
        **{name: lines[f"own_{name}"] for name in OWN},
        **{name: ibis.coalesce(lines[f"wrapped_round_{name}"], lines[f"round_{name}"]) for name in ROUND},
        **{name: value for name, value in found.items() if name not in {"usage", "upstream"}},
        usage_text=ibis.coalesce(
            found["usage"],
            found["usage_metadata"],
            found["usage_metadata_python"],
            ibis.literal('{"billed_units":') + found["billed_units"] + "}",
        ),
        given_provider=lines.bare_upstream,
        upstream=ibis.ifelse(wrapped.isnull(), lines.bare_upstream, lines.wrapped_bare_upstream),
        is_wrapped=wrapped.notnull(),
        is_from_batch=_is_from_batch(lines),
    )


def _first(lines: ir.Table, name: str) -> ir.StringValue:
    places = [f"{wrap}{envelope}_{name}" for wrap in ("wrapped_", "") for envelope in ENVELOPES if name in BODIES[envelope]]
    return ibis.coalesce(*(lines[place] for place in places))


def _is_from_batch(lines: ir.Table) -> ir.BooleanValue:
    """Only batches have a body under `response.body` with its status code, or a result; or, where they failed, an id and no response."""
    answered = [lines[f"{wrap}round_{name}"] for wrap in ("", "wrapped_") for name in ("status_code", "result_type")]
    named = ibis.coalesce(lines.wrapped_round_custom_id, lines.round_custom_id)
    used = ibis.coalesce(lines.wrapped_bare_usage, lines.bare_usage)
    return ibis.coalesce(*answered).notnull() | (named.notnull() & used.isnull())
