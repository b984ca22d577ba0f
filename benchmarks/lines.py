"""The input: a gzip of LiteLLM payloads, one a line, about 1 KB each, with duplicates and broken lines; and what is in it.

The same arguments give the same bytes. The shape is that of the StandardLoggingPayload without its empty objects.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mix import CHAT, EMBEDDING, IMAGE, Stream, streams

VERSION = 1
START = datetime(2026, 10, 1, tzinfo=UTC)
DUPLICATES_PERCENT = 2.0
BROKEN_PERCENT = 0.5
FAILURES_PERCENT = 1.5
CACHE_HITS_PERCENT = 3.0
CHUNK = 50_000
PREFIXES = {"openai": "chatcmpl-", "azure": "chatcmpl-", "anthropic": "msg_01", "bedrock": "chatcmpl-"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What a chain must find."""

    lines: int
    duplicates: int
    rejected: dict[str, int]


@dataclass(frozen=True, slots=True)
class Input:
    """The file and what is in it."""

    path: Path
    days: int
    truth: Truth


def prepare(folder: Path, *, lines: int, days: int, seed: int) -> Input:
    """The input, written unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"litellm-v{VERSION}-{lines}-lines-{days}-days-seed-{seed}.jsonl.gz"
    told = path.with_suffix(".truth.json")
    if not told.exists():
        unfinished = path.with_suffix(".part")
        truth = _write(unfinished, lines, days, seed)
        unfinished.replace(path)
        told.write_text(json.dumps(asdict(truth)))
    return Input(path, days, Truth(**json.loads(told.read_text())))


def _write(path: Path, lines: int, days: int, seed: int) -> Truth:
    rng = np.random.default_rng(seed)
    duplicates, rejected = 0, dict[str, int]()
    earlier: list[str] = []
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, mtime=0, filename="") as file:
        for first in range(0, lines, CHUNK):
            count = min(CHUNK, lines - first)
            fresh = _payloads(rng, first, count, lines, days)
            chunk: list[str] = []
            for place, (again, broken) in enumerate(zip(rng.random(count) * 100, rng.random(count) * 100, strict=True)):
                if again < DUPLICATES_PERCENT and earlier:
                    chunk.append(earlier[place % len(earlier)])
                    duplicates += 1
                elif broken < BROKEN_PERCENT:
                    reason, line = _broken(next(fresh), place)
                    rejected[reason] = rejected.get(reason, 0) + 1
                    chunk.append(line)
                else:
                    line = next(fresh)
                    chunk.append(line)
                    if place % 7 == 0:
                        earlier.append(line)
            earlier = earlier[-2000:]
            rng.shuffle(earlier)
            file.write(("\n".join(chunk) + "\n").encode())
    return Truth(lines, duplicates, dict(sorted(rejected.items())))


def _payloads(rng: np.random.Generator, first: int, count: int, lines: int, days: int) -> Iterator[str]:
    """`count` payloads, in the order of their time."""
    every = streams()
    shares = np.array([stream.share for stream in every])
    which = rng.choice(len(every), size=count, p=shares / shares.sum())
    times = np.sort((first + rng.random(count) * count) / lines) * (days * 86_400 - 60)
    sizes = rng.lognormal(0.0, 0.7, (count, 2))
    parts = rng.random((count, 5))
    identities = rng.bytes(count * 28).hex()
    heads = [_Template(stream) for stream in every]
    for place, (stream, time, size, part) in enumerate(zip(which.tolist(), times.tolist(), sizes.tolist(), parts.tolist(), strict=True)):
        identity = identities[place * 56 : place * 56 + 56]
        yield heads[stream].line(identity, int(START.timestamp() * 1000) + int(time * 1000), size, part)


class _Template:
    """One stream's payload with all that does not change already written."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        model = stream.model
        key = f"{stream.number:064x}"
        labels = {
            "project": stream.project,
            "operation": "chat" if model.call_type == CHAT else "indexing",
            "feature": f"feature-{stream.number % 4}",
        }
        tags = [f"{name}:{value}" for name, value in labels.items()] if stream.is_tagged else []
        self._channel = (
            f'"custom_llm_provider":"{model.gateway}","model":"{model.name}","model_id":"{stream.number + 4096:064x}",'
            f'"model_group":"{model.name}","api_base":"https://{model.gateway}.example/v1/","call_type":"{model.call_type}"'
        )
        self._key = (
            f'"user_api_key_hash":"{key}","user_api_key_alias":"{stream.key_name}","user_api_key_org_id":null,'
            f'"user_api_key_team_id":"team-{stream.team}","user_api_key_team_alias":"{stream.team}",'
            f'"user_api_key_user_id":{json.dumps(None if stream.users else f"svc-{stream.project}")},'
            f'"spend_logs_metadata":{_compact(labels if stream.is_tagged else None)},'
            f'"requester_metadata":{_compact({"project": stream.project} if stream.is_tagged else {})}'
        )
        self._tags = _compact(tags)
        self._parameters = _compact({"max_tokens": 4096} | ({"service_tier": model.tier} if model.tier else {}))

    def line(self, identity: str, started: int, size: list[float], part: list[float]) -> str:
        stream, model = self._stream, self._stream.model
        is_failure = part[0] * 100 < FAILURES_PERCENT
        is_hit = not is_failure and part[0] * 100 > 100 - CACHE_HITS_PERCENT
        prompt = 0 if is_failure else 1 + int(model.prompt * size[0])
        answer = 0 if is_failure else int(model.answer * size[1])
        cost = 0.0 if is_failure or is_hit else round((prompt + 4 * answer) * 1.2e-6, 9)
        ended = started + 300 + answer * 9
        user = f'"user_{stream.number:02d}{int(part[1] * part[1] * stream.users):04d}"' if stream.users else "null"
        name = f"{PREFIXES.get(model.gateway, '')}{identity[:24]}"
        if is_hit:
            name += f"_cache_hit{started / 1000}"
        usage = "null" if is_failure else self._usage(prompt, answer, part)
        error = '"error_str":"RateLimitError: 429"' if is_failure else '"error_str":null'
        return (
            f'{{"id":"{name}","trace_id":"{identity[24:]}",{self._channel},"stream":false,"response_cost":{cost},'
            f'"status":"{"failure" if is_failure else "success"}","total_tokens":{prompt + answer},"prompt_tokens":{prompt},'
            f'"completion_tokens":{answer},"startTime":{started / 1000},"endTime":{ended / 1000},'
            f'"completionStartTime":{(started + 250) / 1000},'
            f'"response_time":{(ended - started) / 1000},"metadata":{{{self._key},"user_api_key_end_user_id":{user},'
            f'"usage_object":{usage}}},'
            f'"cache_hit":{"true" if is_hit else "null"},"saved_cache_cost":0.0,"request_tags":{self._tags},"end_user":{user},'
            f'"requester_ip_address":"10.20.0.15","user_agent":"{stream.project}/1.14","messages":null,"response":null,{error},'
            f'"model_parameters":{self._parameters},"hidden_params":{{"response_cost":{cost},"litellm_overhead_time_ms":3.1}}}}'
        )

    def _usage(self, prompt: int, answer: int, part: list[float]) -> str:
        model = self._stream.model
        cached = prompt * model.cached_percent // 100 if part[2] < 0.6 else 0  # noqa: PLR2004
        written = prompt * model.written_percent // 100 if part[2] < 0.5 else 0  # noqa: PLR2004
        details: dict[str, Any] = {"cached_tokens": cached, "text_tokens": None, "audio_tokens": None, "image_tokens": None}
        usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
        if model.call_type == EMBEDDING:
            return _compact(usage)
        if model.gateway in {"anthropic", "bedrock"} and model.written_percent:
            long = written if part[3] < 0.1 else 0  # noqa: PLR2004
            details |= {"cache_creation_tokens": written}
            details["cache_creation_token_details"] = {"ephemeral_5m_input_tokens": written - long, "ephemeral_1h_input_tokens": long}
            usage |= {"cache_creation_input_tokens": written, "cache_read_input_tokens": cached}
        elif written:
            details["cache_write_tokens"] = written
        usage["prompt_tokens_details"] = details
        if model.call_type == IMAGE:
            usage["completion_tokens_details"] = {"image_tokens": answer}
        elif model.reasoning_percent:
            usage["completion_tokens_details"] = {"reasoning_tokens": answer * model.reasoning_percent // 100}
        if part[4] * 100 < model.search_percent:
            usage["server_tool_use"] = {"web_search_requests": 1}
        return _compact(usage)


def _broken(line: str, place: int) -> tuple[str, str]:
    """A line that must be rejected, and the reason."""
    reason = ("not_json", "missing_id", "missing_time", "negative_quantity", "bad_number", "inconsistent_usage", "not_an_object")[place % 7]
    if reason == "not_json":
        return reason, line[: len(line) // 2]
    if reason == "not_an_object":
        return reason, '["a list, where an object should be"]'
    record = json.loads(line)
    record["status"] = "success"
    changed: dict[str, dict[str, Any]] = {
        "missing_id": {"id": None},
        "missing_time": {"startTime": None},
        "negative_quantity": {"completion_tokens": -5},
        "bad_number": {"prompt_tokens": "many"},
        "inconsistent_usage": {"prompt_tokens": 1, "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 900}}}},
    }
    return reason, _compact(record | changed[reason])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
