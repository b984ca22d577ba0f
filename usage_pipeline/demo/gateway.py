"""One request as LiteLLM logs it (StandardLoggingPayload). Prompt tokens include cached ones and cache writes, for every provider.

https://docs.litellm.ai/docs/proxy/logging_spec
"""

from decimal import Decimal
from functools import cache
from typing import Any

from usage_pipeline.demo.files import epoch, number
from usage_pipeline.demo.organisation import ANTHROPIC, AZURE, GATEWAY, MISTRAL, OPENAI, PROJECTS, VERTEX, Workload, name_of
from usage_pipeline.demo.requests import CACHE_HIT, FAILURE, SUCCESS, Request

_PROVIDERS = {OPENAI: "openai", ANTHROPIC: "anthropic", VERTEX: "vertex_ai", AZURE: "azure", MISTRAL: "mistral"}
_BASES = {
    OPENAI: "https://api.openai.com/v1/",
    ANTHROPIC: "https://api.anthropic.com/v1/messages",
    VERTEX: "https://aiplatform.googleapis.com/v1/",
    AZURE: "https://aoai-sales-assistant.openai.azure.com/",
    MISTRAL: "https://api.mistral.ai/v1/",
}
_CALL_TYPES = {"text": "acompletion", "embedding": "aembedding", "image": "aimage_generation"}
_PREFIXES = {ANTHROPIC: "msg_01", MISTRAL: "", VERTEX: ""}
_INPUT_METERS = ("input", "cache_read", "cache_write", "cache_write_1h")
_PERCENTS = {"discount_percent": 0.0, "discount_amount": 0.0}
UNTAGGED = ("sales-assistant", None)
"""Projects whose application sends no tags: their gateway key tells whose they are, or nothing does."""


def payload(request: Request) -> dict[str, Any]:
    """The log record of one request that went through the gateway."""
    workload, tokens = request.workload, request.meters or request.answered
    if workload.route != GATEWAY:
        raise ValueError(f"{workload.name} does not go through the gateway")
    started = epoch(request.day) * 1000 + request.millisecond
    ended = started + request.duration
    prompt = sum(tokens.get(meter, 0) for meter in _INPUT_METERS)
    output = tokens.get("output", 0)
    amount = number(_tokens_amount(request))
    is_hit = request.status == CACHE_HIT
    model_id = _hex(workload.model)
    return {
        "id": _id(request, started),
        "trace_id": request.trace,
        "litellm_call_id": f"{request.trace[:8]}-{request.id[:4]}-{request.id[4:8]}-{request.id[8:12]}-{request.id[12:24]}",
        "call_type": _CALL_TYPES[workload.api_type],
        "stream": workload.cut_percent > 0,
        "response_cost": amount,
        "cost_breakdown": _breakdown(request) if request.status == SUCCESS else None,
        "response_cost_failure_debug_info": None,
        "status": FAILURE if request.status == FAILURE else SUCCESS,
        "status_fields": {"llm_api_status": FAILURE if request.status == FAILURE else SUCCESS, "guardrail_status": "not_run"},
        "custom_llm_provider": _PROVIDERS[workload.channel],
        "total_tokens": prompt + output,
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "startTime": started / 1000,
        "endTime": ended / 1000,
        "completionStartTime": ended / 1000,
        "response_time": request.duration / 1000,
        "model_map_information": {"model_map_key": workload.model, "model_map_value": None},
        "model": workload.model,
        "model_id": model_id,
        "model_group": workload.model.removesuffix("-20251001").removesuffix("-2024-07-18"),
        "api_base": _BASES[workload.channel],
        "metadata": _metadata(request, _usage(request, tokens, prompt, output)),
        "cache_hit": True if is_hit else None,
        "cache_key": name_of(f"cache {request.id}", 40) if is_hit else None,
        "saved_cache_cost": 0.0,
        "request_tags": _tags(workload),
        "end_user": request.user,
        "requester_ip_address": "10.20.0.15",
        "user_agent": f"{workload.project or 'guest'}/1.14",
        "messages": None,
        "response": None,
        "error_str": "RateLimitError: 429 sample" if request.status == FAILURE else None,
        "error_information": _error(request) if request.status == FAILURE else None,
        "model_parameters": {"max_tokens": 4096} | ({} if workload.tier == "default" else {"service_tier": workload.tier}),
        "hidden_params": _hidden(workload.model, model_id, amount),
        "guardrail_information": None,
        "standard_built_in_tools_params": None,
    }


def _id(request: Request, started: int) -> str:
    channel = request.workload.channel
    answer = f"{_PREFIXES.get(channel, 'chatcmpl-')}{request.id}"
    return f"{answer}_cache_hit{started / 1000}" if request.status == CACHE_HIT else answer


def _tokens_amount(request: Request) -> Decimal:
    """What LiteLLM thinks a request costs: its tokens. An unknown model costs 0 there, which is why it is only compared."""
    amounts = request.amounts or {}
    return sum((amount for meter, amount in amounts.items() if meter != "web_searches"), Decimal(0))


def _breakdown(request: Request) -> dict[str, Any]:
    amounts = request.amounts or {}
    zero = Decimal(0)
    whole = number(_tokens_amount(request))
    return {
        "input_cost": number(amounts.get("input", zero)),
        "cache_read_cost": number(amounts.get("cache_read", zero)),
        "cache_creation_cost": number(amounts.get("cache_write", zero) + amounts.get("cache_write_1h", zero)),
        "output_cost": number(amounts.get("output", zero)),
        "total_cost": whole,
        "tool_usage_cost": 0.0,
        "original_cost": whole,
        **_PERCENTS,
    }


def _usage(request: Request, tokens: dict[str, int], prompt: int, output: int) -> dict[str, Any] | None:
    if request.status == FAILURE:
        return None
    cached, short, long = (tokens.get(meter, 0) for meter in ("cache_read", "cache_write", "cache_write_1h"))
    details: dict[str, Any] = {"cached_tokens": cached, "text_tokens": None, "audio_tokens": None, "image_tokens": None}
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": details,
    }
    if request.workload.channel == ANTHROPIC:
        details["cache_creation_tokens"] = short + long
        details["cache_creation_token_details"] = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
        usage |= {"cache_creation_input_tokens": short + long, "cache_read_input_tokens": cached}
    elif short:
        details["cache_write_tokens"] = short
    if request.workload.api_type == "image":
        usage["completion_tokens_details"] = {"image_tokens": output}
    if request.reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": request.reasoning}
    return usage


def _metadata(request: Request, usage: dict[str, Any] | None) -> dict[str, Any]:
    workload = request.workload
    name = workload.project or "guest"
    return {
        "user_api_key_hash": _hex(f"key {name}"),
        "user_api_key_alias": f"{name}-prod",
        "user_api_key_org_id": None,
        "user_api_key_team_id": f"team-{_teams()[workload.project]}" if workload.project else None,
        "user_api_key_team_alias": _teams()[workload.project] if workload.project else None,
        "user_api_key_user_id": f"svc-{name}",
        "user_api_key_user_email": None,
        "user_api_key_end_user_id": request.user,
        "spend_logs_metadata": _labels(workload),
        "requester_ip_address": "10.20.0.15",
        "user_agent": f"{name}/1.14",
        "requester_metadata": {} if workload.project in UNTAGGED else {"project": workload.project},
        "requester_custom_headers": None,
        "prompt_management_metadata": None,
        "mcp_tool_call_metadata": None,
        "vector_store_request_metadata": None,
        "applied_guardrails": [],
        "usage_object": usage,
        "cold_storage_object_key": None,
    }


def _labels(workload: Workload) -> dict[str, str]:
    labels = {"operation": workload.operation}
    if workload.feature:
        labels |= {"feature": workload.feature, "prompt": f"{workload.feature}-v3"}
    return labels if workload.project in UNTAGGED else {"project": str(workload.project)} | labels


def _tags(workload: Workload) -> list[str]:
    return [f"{key}:{value}" for key, value in _labels(workload).items() if key != "prompt"]


def _error(request: Request) -> dict[str, str]:
    return {
        "error_code": "429",
        "error_class": "RateLimitError",
        "llm_provider": _PROVIDERS[request.workload.channel],
        "traceback": "",
        "error_message": "429 sample",
    }


def _hidden(model: str, model_id: str, amount: Any) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "cache_key": None,
        "api_base": None,
        "response_cost": amount,
        "litellm_overhead_time_ms": 3.1,
        "additional_headers": None,
        "batch_models": None,
        "litellm_model_name": model,
        "usage_object": None,
    }


@cache
def _teams() -> dict[str, str]:
    return {project.id: project.team for project in PROJECTS}


@cache
def _hex(text: str) -> str:
    return f"{int.from_bytes(name_of(text, 40).encode(), 'big'):0128x}"[-64:]
