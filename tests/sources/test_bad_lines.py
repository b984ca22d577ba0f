"""Every reason that a source can give for a line it does not accept: one cell of a good record is changed, and the reason is the one."""

from pathlib import Path
from typing import Any

import ibis
import pytest
from ibis.backends.duckdb import Backend
from sample_rows import SAMPLES, plain, records_of

from usage_pipeline.errors import ContractError
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.rejects import first_reason

Case = tuple[dict[str, str | None], str | None]
"""Cells to change in a good record, and the reason expected; None where the line is good still."""

GOOD: dict[str, tuple[str, int]] = {
    "openai_costs": ("live_shape_page1.json", 2),
    "openai_usage": ("completions_page1.json", 1),
    "openai_costs_csv": ("cost_2026-10-01_2026-10-03.csv", 2),
    "openai_usage_csv": ("completions_usage_2026-10-01_2026-10-03.csv", 1),
    "anthropic_cost": ("cost_report.json", 1),
    "anthropic_usage": ("usage_report_messages_page1.json", 1),
    "anthropic_cost_csv": ("claude_api_cost_2026_10_01_to_2026_10_02.csv", 1),
    "anthropic_tokens_csv": ("claude_api_tokens_2026_10_01_to_2026_10_02.csv", 1),
    "claude_code": ("claude_code_2026-10-01.json", 1),
    "litellm": ("time-09-01-05-120000_msg_01tUDQ6b9otCXx4NWFaQnYyD.json", 1),
    "tracker": ("requests.jsonl", 1),
    "litellm_spend_logs": ("LiteLLM_SpendLogs.csv", 1),
    "langfuse": ("2026-10-03T00-00-00-000Z.jsonl", 1),
    "helicone": ("requests.jsonl", 1),
    "portkey": ("logs_export.jsonl", 1),
    "otel_genai": ("traces.jsonl", 1),
    "gcp_cost_table_csv": ("Example Billing_Reports, 2026-10-01 — 2026-10-02.csv", 1),
    "gcp_billing": ("standard__gcp_billing_export_v1_01A2B3_C4D5E6_F7A8B9.jsonl", 3),
    "azure_cost": ("part_1_0001.csv", 1),
    "focus": ("aws_focus10.csv", 6),
    "aws_cur": ("cur2-genai-csv-00001.csv.gz", 1),
    "bedrock_log": ("20261001T140311411Z_0c048e5dce8eeeda.json.gz", 1),
}


def times(field: str, *, epoch: bool) -> list[Case]:
    old, late = ("0", "4102444800") if epoch else ("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z")
    return [
        ({field: None}, "missing_time"),
        ({field: "yesterday"}, "bad_time"),
        ({field: old}, "time_out_of_range"),
        ({field: late}, "time_out_of_range"),
        *([({field: "9999999999999"}, "time_out_of_range")] if epoch else []),
    ]


def amounts(amount: str, currency: str) -> list[Case]:
    return [
        ({amount: None}, "missing_amount"),
        ({amount: "free"}, "bad_amount"),
        ({amount: "1,5"}, "bad_amount"),
        ({amount: "9" * 30}, "bad_amount"),
        ({currency: None}, "missing_currency"),
        ({amount: "-1.5"}, None),
        ({amount: "0"}, None),
    ]


CASES: dict[str, list[Case]] = {
    "openai_costs": [
        *times("start_time", epoch=True),
        *amounts("amount", "currency"),
        ({"object": "organization.usage.completions.result"}, "unexpected_document"),
        ({"quantity": "many"}, "bad_number"),
        ({"quantity": "-1"}, None),
        ({"quantity": None, "quantity_unit": None}, None),
        ({"line_item": "a new thing", "project_id": None}, None),
    ],
    "openai_usage": [
        *times("start_time", epoch=True),
        ({"object": "organization.costs.result"}, "unexpected_document"),
        ({"object": None}, "unexpected_document"),
        ({"input_tokens": "-1"}, "negative_quantity"),
        ({"output_tokens": "many"}, "bad_number"),
        ({"output_tokens": "1.5"}, "bad_number"),
        ({"input_tokens": None}, "missing_usage"),
        ({"output_tokens": None}, "missing_usage"),
        ({"model": None}, "grouping_mixed"),
        ({"input_cached_tokens": "14030001", "input_uncached_tokens": None}, "inconsistent_usage"),
        ({"input_uncached_tokens": "1"}, "inconsistent_usage"),
        ({"input_uncached_tokens": None, "input_cache_write_tokens": None}, None),
        ({"num_model_requests": None}, None),
    ],
    "openai_costs_csv": [
        *times("start_time", epoch=True),
        *amounts("amount", "currency"),
        ({"quantity": "many"}, "bad_number"),
        ({"quantity": None, "quantity_unit": None}, None),
        ({"line_item": "a new thing", "project_id": None}, None),
    ],
    "openai_usage_csv": [
        *times("start_time", epoch=True),
        ({"input_tokens": "-1.0"}, "negative_quantity"),
        ({"output_tokens": "many"}, "bad_number"),
        ({"input_tokens": None}, "missing_usage"),
        ({"input_tokens": None, "output_tokens": None}, "unexpected_document"),
        ({"model": None}, "grouping_mixed"),
        ({"input_uncached_tokens": "1.0"}, "inconsistent_usage"),
        ({"input_uncached_tokens": None, "input_cache_write_tokens": None}, None),
        ({"num_model_requests": None, "batch": None}, None),
    ],
    "anthropic_cost": [
        *times("starting_at", epoch=False),
        *amounts("amount", "currency"),
        ({"description": None, "cost_type": None, "token_type": None}, "grouping_mixed"),
        ({"list_amount": "much"}, "bad_amount"),
        ({"list_amount": "1125.000000"}, None),
        ({"description": "Session Usage", "cost_type": "session_usage", "token_type": None}, None),
        ({"workspace_id": None}, None),
    ],
    "anthropic_usage": [
        *times("starting_at", epoch=False),
        ({"output": "-5"}, "negative_quantity"),
        ({"cache_read": "x"}, "bad_number"),
        ({"input": None}, "missing_usage"),
        ({"model": None}, "grouping_mixed"),
        ({"web_searches": None, "cache_write_1h": None}, None),
    ],
    "anthropic_cost_csv": [
        *times("usage_date", epoch=False),
        ({"cost": None}, "missing_amount"),
        ({"cost": "free"}, "bad_amount"),
        ({"cost": "1,045.00"}, "bad_amount"),
        ({"list_price": "-"}, "bad_amount"),
        ({"cost": "-10.45"}, None),
        ({"list_price": None, "cost_type": None, "inference_geo": None, "context_window": None}, None),
        ({"model": None, "token_type": "a_new_type", "workspace": None}, None),
    ],
    "anthropic_tokens_csv": [
        *times("starting_at", epoch=False),
        ({"output": "-5"}, "negative_quantity"),
        ({"cache_read": "x"}, "bad_number"),
        ({"input": None}, "missing_usage"),
        ({"model": None}, "grouping_mixed"),
        ({"web_searches": None, "cache_write_1h": None, "workspace_name": None}, None),
    ],
    "claude_code": [
        *times("date", epoch=False),
        ({"models": None}, "unexpected_document"),
        ({"models": "{}"}, "unexpected_document"),
        ({"models": "[]"}, "no_usage"),
        ({"models": '[{"tokens":{"input":1,"output":2}}]'}, "missing_model"),
        ({"models": '[{"model":"m","tokens":{"input":1}}]'}, "missing_usage"),
        ({"models": '[{"model":"m"}]'}, "missing_usage"),
        ({"models": '[{"model":"m","tokens":{"input":-1,"output":2}}]'}, "negative_quantity"),
        ({"models": '[{"model":"m","tokens":{"input":1,"output":2}},{"model":"m","tokens":{"input":1.5,"output":2}}]'}, "bad_number"),
        ({"models": '[{"model":"m","tokens":{"input":1,"output":2},"estimated_cost":{"amount":"much"}}]'}, "bad_amount"),
        ({"models": '[{"model":"m","tokens":{"input":1,"output":2}}]', "customer_type": None, "address": None}, None),
    ],
    "litellm": [
        ({"id": None}, "missing_id"),
        *times("start_time", epoch=True),
        ({"start_time": "1790931665120"}, "time_out_of_range"),
        ({"prompt_tokens": "-6200"}, "negative_quantity"),
        ({"prompt_tokens": "many"}, "bad_number"),
        ({"cached": "1e3"}, "bad_number"),
        ({"response_cost": "cheap"}, "bad_amount"),
        ({"model": None}, "missing_model"),
        ({"model": None, "status": "failure"}, None),
        ({"model": None, "cache_hit": "true"}, "missing_model"),
        ({"prompt_tokens": None, "completion_tokens": None}, "missing_usage"),
        ({"cached": "6000"}, "inconsistent_usage"),
        ({"cached": "4200"}, None),
        ({"cache_creation_1h": "2001"}, "inconsistent_usage"),
        ({"completion_audio": "451"}, "inconsistent_usage"),
        ({"response_cost": None, "end_time": None, "custom_llm_provider": None}, None),
    ],
    "litellm_spend_logs": [
        ({"id": None}, "missing_id"),
        *times("start_time", epoch=False),
        ({"prompt_tokens": "-6200"}, "negative_quantity"),
        ({"cached": "1e3"}, "bad_number"),
        ({"response_cost": "cheap"}, "bad_amount"),
        ({"model": None}, "missing_model"),
        ({"model": None, "status": "failure"}, None),
        ({"model": None, "status": None, "inner_status": "failure"}, None),
        ({"prompt_tokens": None, "completion_tokens": None}, "missing_usage"),
        ({"cached": "6000"}, "inconsistent_usage"),
        ({"usage_prompt": None, "usage_total": None}, None),
    ],
    "langfuse": [
        ({"id": None}, "missing_id"),
        *times("start_time", epoch=False),
        ({"type": None}, "unexpected_document"),
        ({"type": "SPAN"}, "not_usage"),
        ({"type": "AGENT", "usage": None}, "not_usage"),
        ({"usage": '{"input":-1,"output":2}'}, "negative_quantity"),
        ({"usage": '{"input":1.5,"output":2}'}, "bad_number"),
        ({"usage": '{"input":"1","output":2}'}, "bad_number"),
        ({"usage": '{"input":{"text":1},"output":2}'}, "bad_number"),
        ({"usage": "[1]"}, "bad_number"),
        ({"usage": '{"input":1,"reasoning":2}'}, "unknown_meter"),
        ({"usage": '{"reasoning":2}'}, "unknown_meter"),
        ({"usage": '{"input":1,"reasoning":0,"searches":null}'}, None),
        ({"usage": '{ "input" : 1.0 , "output" : 2 , "total" : 3 }'}, None),
        ({"usage": '{"total":3}'}, "unaccounted_usage"),
        ({"usage": '{"input":1,"output":1,"total":3}'}, "unaccounted_usage"),
        ({"usage": '{"input":2,"output":2,"total":3}'}, None),
        ({"usage": None}, "missing_usage"),
        ({"usage": "{}"}, "missing_usage"),
        ({"usage": "{}", "level": "ERROR", "model": None}, None),
        ({"model": None}, "missing_model"),
        ({"total_cost": "cheap"}, "bad_amount"),
        ({"total_cost": "6.25e-3", "end_time": None, "updated_at": None, "metadata": "[]", "model_parameters": "?"}, None),
    ],
    "helicone": [
        ({"id": None}, "missing_id"),
        *times("created", epoch=False),
        ({"prompt_tokens": "-1"}, "negative_quantity"),
        ({"completion_audio": "some"}, "bad_number"),
        ({"cost_usd": "cheap"}, "bad_amount"),
        ({"response_model": None, "own_model": None, "request_model": None}, "missing_model"),
        ({"response_model": None, "own_model": None}, None),
        ({"response_model": None, "own_model": None, "request_model": None, "response_status": "503"}, None),
        ({"prompt_tokens": None, "completion_tokens": None}, "missing_usage"),
        ({"prompt_tokens": None, "completion_tokens": None, "response_status": None}, None),
        ({"maker": None, "responded": None, "properties": "?"}, None),
    ],
    "portkey": [
        ({"id": None}, "missing_id"),
        *times("created_at", epoch=False),
        *times("created_at", epoch=True),
        ({"req_units": "-1"}, "negative_quantity"),
        ({"res_units": "1.5"}, "bad_number"),
        ({"response_time": "slow"}, "bad_number"),
        ({"cost": "free"}, "bad_amount"),
        ({"ai_model": None}, "missing_model"),
        ({"ai_model": None, "is_success": "false"}, None),
        ({"req_units": None, "res_units": None}, "missing_usage"),
        ({"cost_currency": "EUR", "ai_org": None, "response_time": None, "metadata": None}, None),
    ],
    "otel_genai": [
        ({"trace_id": None}, "missing_id"),
        ({"span_id": None}, "missing_id"),
        *times("start_nanos", epoch=True),
        ({"start_nanos": "1790940030250000000.5"}, "bad_time"),
        ({"operation_0": "invoke_agent"}, "not_usage"),
        ({"operation_0": "rank"}, "unknown_operation"),
        ({"operation_0": None}, "unknown_operation"),
        ({"operation_0": None, "request_type_0": "chat"}, None),
        ({"total_input_0": "-1"}, "negative_quantity"),
        ({"total_output_0": "many"}, "bad_number"),
        ({"cost_0": "cheap"}, "bad_amount"),
        ({"model_0": None, "model_1": None}, "missing_model"),
        ({"model_0": None, "model_1": None, "status_code": "2"}, None),
        ({"total_input_0": None, "total_output_0": None}, "missing_usage"),
        ({"cached_0": "4001"}, "inconsistent_usage"),
        ({"cached_0": "4001", "scope_name": "opentelemetry.instrumentation.bedrock"}, None),
        ({"cached_0": "4001", "scope_name": "logfire.anthropic", "scope_version": "4.30.9"}, None),
        ({"cached_0": "4001", "scope_name": "logfire.anthropic", "scope_version": "v4.31.0rc1"}, "inconsistent_usage"),
        ({"cached_0": "4001", "scope_name": "logfire.anthropic", "scope_version": "3"}, None),
        ({"cached_0": "4001", "scope_name": "logfire.anthropic", "scope_version": "newest"}, "inconsistent_usage"),
        ({"cached_0": "4001", "scope_name": None, "scope_version": None}, "inconsistent_usage"),
        ({"reasoning_0": "901"}, "inconsistent_usage"),
        ({"end_nanos": None, "provider_0": None}, None),
    ],
    "tracker": [
        ({"id": None}, "missing_id"),
        *times("started", epoch=False),
        *times("started", epoch=True),
        ({"status": "maybe"}, "unknown_status"),
        ({"input": "-1"}, "negative_quantity"),
        ({"input": "1.5"}, "bad_number"),
        ({"audio_seconds": "-1.5"}, "negative_quantity"),
        ({"meters": '{"input":1,"inputs":2}'}, "unknown_meter"),
        ({"meters": '{"messages":1,"code_sessions":2}'}, None),
        ({"reported_cost": "cheap"}, "bad_amount"),
        ({"model": None}, "missing_model"),
        ({"model": None, "status": "failure"}, None),
        ({"meters": None}, "missing_usage"),
        ({"meters": "{}"}, "missing_usage"),
        ({"meters": "{}", "status": "failure"}, None),
        ({"reasoning_tokens": "451"}, "inconsistent_usage"),
    ],
    "gcp_cost_table_csv": [
        *times("date", epoch=False),
        ({"date": "2026-13-01"}, "bad_time"),
        ({"date": None, "usage_start": "10/01/2026"}, "bad_time"),
        ({"usage_end": "soon"}, "bad_time"),
        ({"unrounded_subtotal_USD": None, "rounded_subtotal_USD": None, "date": None}, "missing_invoice"),
        ({"unrounded_subtotal_USD": None, "rounded_subtotal_USD": None}, "missing_amount"),
        ({"unrounded_subtotal_USD": None, "rounded_subtotal_USD": "1.15"}, None),
        ({"unrounded_subtotal_USD": "free"}, "bad_amount"),
        ({"unrounded_subtotal_USD": "1,5"}, "bad_amount"),
        ({"unrounded_subtotal_USD": "1,234.5"}, None),
        ({"unrounded_subtotal_USD": "9" * 30}, "bad_amount"),
        ({"unrounded_subtotal_USD": "-1.5"}, None),
        ({"list_cost_USD": "free"}, "bad_amount"),
        ({"usage_amount": "many"}, "bad_number"),
        ({"service_id": "6F81-5844-456A"}, "other_service"),
        ({"service_id": None, "service": None}, "grouping_mixed"),
        ({"service_id": None}, None),
        ({"cost_type": "Levy"}, None),
        ({"credit_type": "Promotional credit"}, None),
    ],
    "gcp_billing": [
        *times("usage_start_time", epoch=False),
        *amounts("cost", "currency"),
        ({"service_id": "6F81-5844-456A"}, "other_service"),
        ({"service_id": None, "service": None, "cost_type": "tax"}, None),
        ({"service_id": None, "service": "Invoice", "cost_type": "tax"}, None),
        ({"service_id": None, "service": "Vertex AI"}, None),
        ({"service_id": "6F81-5844-456A", "service": "Compute Engine", "cost_type": "adjustment"}, "other_service"),
        ({"service_id": "6F81-5844-456A", "service": "Compute Engine", "cost_type": "tax"}, "other_service"),
        ({"service_id": None, "service": None}, "other_service"),
        ({"service_id": "1111-2222-3333", "sku_description": "Claude Opus 5 Input Tokens"}, None),
        ({"cost_type": "levy"}, None),
        ({"cost_type": None}, None),
        ({"usage_amount": "many"}, "bad_number"),
        ({"usage_amount": "-5"}, None),
        ({"credits": '[{"name":"c","amount":"much"}]'}, "bad_amount"),
        ({"credits": '[{"name":"c"}]'}, "bad_amount"),
        ({"credits": "none"}, "bad_amount"),
        ({"credits": None}, None),
        ({"sku_description": "Something new"}, None),
    ],
    "focus": [
        *times("charge_start", epoch=False),
        ({"charge_start": "NULL"}, "missing_time"),
        ({"charge_start": "4/1/25"}, "bad_time"),
        *amounts("cost", "currency"),
        ({"cost": "$10,000.00 "}, "bad_amount"),
        ({"effective": "free"}, "bad_amount"),
        ({"listed": "free"}, "bad_amount"),
        ({"effective": None, "listed": "NULL"}, None),
        ({"charge_category": None}, "unexpected_document"),
        ({"charge_category": "Oddity"}, None),
        ({"consumed": "many"}, "bad_number"),
        ({"priced": "many"}, "bad_number"),
        ({"consumed": "-5", "priced": None}, None),
        ({"consumed_unit": "Requests", "sku_id": None, "account_type": "API Key"}, "estimated_cost"),
        ({"consumed_unit": "Requests", "sku_id": None, "tags": '{"custom_llm_provider": "openai"}'}, "estimated_cost"),
        ({"consumed_unit": "Requests", "sku_id": None}, None),
        ({"service_category": "Compute"}, None),
        ({"older_provider": "Oracle", "service_category": "Compute", "service_name": "Compute"}, "other_service"),
        ({"newer_provider": "OpenAI", "service_category": None, "service_name": "Seats"}, None),
        ({"publisher": "Anthropic, PBC", "older_provider": "Microsoft", "service_category": "Other", "service_name": "SaaS"}, None),
    ],
    "aws_cur": [
        *times("start", epoch=False),
        *amounts("cost", "currency"),
        ({"line_type": None}, "unexpected_document"),
        ({"usage_type": "USE1-BoxUsage:t3.micro", "product_name": None, "resource": None}, "other_service"),
        ({"usage_type": "USE1-BoxUsage:t3.micro", "product_name": None}, None),
        ({"line_type": "Tax", "usage_type": None, "product_code": None, "product_name": None, "resource": None}, None),
        ({"amount": "many"}, "bad_number"),
        ({"amount": "-5"}, None),
        ({"unit": "Hrs"}, None),
        ({"product_name": "not json", "tags": "not json"}, None),
        ({"file": None}, None),
    ],
    "bedrock_log": [
        ({"id": None}, "missing_id"),
        *times("time", epoch=False),
        ({"schema_type": None}, "unexpected_document"),
        ({"schema_type": "OtherLog"}, "unexpected_document"),
        ({"input": "-1"}, "negative_quantity"),
        ({"cache_read": "many"}, "bad_number"),
        ({"model_id": None}, "missing_model"),
        ({"model_id": None, "error": "ThrottlingException"}, None),
        ({"input": None, "output": None}, "missing_usage"),
        ({"input": None}, None),
        ({"cache_read": None, "cache_write": None, "metadata": None, "caller": None}, None),
    ],
    "azure_cost": [
        *times("date", epoch=False),
        ({"date": "13/40/2026"}, "bad_time"),
        *amounts("cost_ea", "currency_ea"),
        ({"meter_category": "Virtual Machines"}, "other_service"),
        ({"meter_category": None, "charge_type": "Purchase"}, None),
        ({"meter_category": None, "publisher_type": "Marketplace", "publisher": "Anthropic, PBC"}, None),
        ({"amount": "many"}, "bad_number"),
        ({"tags_text": "not json"}, None),
        ({"unit_of_measure": "1 Hour"}, None),
        ({"cost_ea": "27.3756"}, "price_mismatch"),
        ({"cost_ea": "27.3756", "charge_type": "Purchase"}, None),
        ({"cost_mca": "27.3756", "cost_in_pricing_currency": "2.73756"}, None),
        ({"effective_price": "0"}, None),
        ({"effective_price": "0.0002"}, None),
    ],
}


@pytest.mark.parametrize("kind", SOURCES)
def test_each_bad_line_has_its_reason(kind: str, engine: Backend, tmp_path: Path):
    cases = CASES[kind]
    good = good_record(engine, kind, tmp_path / "stage")
    table = ibis.memtable(
        {name: [changed.get(name, value) for changed, _ in cases] for name, value in good.items() if name not in {"source_line", "text"}}
        | {"source_line": list(range(len(cases)))},
        schema={name: "int64" if name == "source_line" else "string" for name in good if name != "text"},
    )
    rows = SOURCES[kind].to_rows(table)
    found = {row["source_line"]: row.get("reject") for row in plain(engine, rows.select("source_line", "reject").distinct())}
    assert [(cases[number][0], found[number]) for number in range(len(cases))] == cases


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_has_bad_lines(kind: str):
    assert {reason for _, reason in CASES[kind] if reason} >= {"missing_time", "bad_time", "time_out_of_range"}


def test_a_reason_without_words_is_a_bug():
    with pytest.raises(ContractError, match="no words for the reasons \\['odd'\\]"):
        first_reason(("odd", ibis.literal(value=True)))


def good_record(engine: Backend, kind: str, stage: Path) -> dict[str, Any]:
    file, line = GOOD[kind]
    records = records_of(engine, SOURCES[kind], stage, [SAMPLES / kind / "input" / file])
    found: dict[str, Any] = next(row for row in engine.to_pyarrow(records).to_pylist() if row["source_line"] == line)
    return found
