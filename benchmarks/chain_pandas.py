"""The same work in pandas, as somebody who knows it well would write it: `json.loads` a line, columns from there on, exact integers.

Costs are whole numbers of 10^-15 dollars in int64, which is exact and fast; Decimals only where the sums are small.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.lines import START, Input
from benchmarks.outcome import Outcome, totals_of
from benchmarks.prepare import METERS
from benchmarks.terms import COMPANY, OWNER_OF_KEY
from usage_pipeline.money import SCALE
from usage_pipeline.sources.channels import CHANNELS
from usage_pipeline.sources.logs.litellm_requests import OPERATIONS, TYPE_OF

MONEY = pa.decimal128(38, SCALE)
PARTS = ("list", "net")
PROJECTS = {project.id for project in COMPANY}
TEXTS = (
    "event_id", "outcome", "call_type", "gateway", "model", "model_id", "conversation", "key_hash", "key_name", "org_id", "team",
    "user", "project", "feature", "operation", "prompt_name", "service_tier", "speed", "region", "tags", "request_tags",
)  # fmt: skip
COUNTS = (
    "prompt", "completion", "cached_given", "cache_read_input", "created", "cache_write_given", "created_input", "created_1h", "audio",
    "image", "audio_out", "image_out", "reasoning", "searches", "images_asked",
)  # fmt: skip
NUMBERS = ("start", "end", "reported", *COUNTS)
FIELDS = ("source_line", "state", *TEXTS, *NUMBERS)
DIMENSIONS = ["day", "project", "team", "user", "channel", "provider", "model_name", "api_type", "operation", "status"]
NOTHING: dict[str, Any] = {}


def run(given: Input, folder: Path, _memory_limit: str, step: Callable[..., Any]) -> Outcome:
    """`step(name, function, …)` calls the function and notes what it costs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    raw = step("read", _read, given.path)
    rows = step("normalize", _normalized, raw, pd.Timestamp(START + timedelta(days=given.days + 1)).tz_localize(None))
    reasons = step("quarantine", _quarantine, rows, folder)
    accepted = step("deduplicate", _first_of_each, rows)
    prices = pq.read_table(given.path.parent / "prices.parquet").to_pandas()
    priced = step("price", _priced, accepted, prices)
    step("write", _write, priced, folder)
    daily = step("aggregate", _summed, priced, prices)
    rejected = sum(reasons.values())
    return Outcome(len(rows), len(accepted), len(rows) - rejected - len(accepted), rejected, reasons, totals_of(daily))


def _read(path: Path) -> pd.DataFrame:
    with gzip.open(path, "rb") as file:
        return pd.DataFrame.from_records(_records(file), columns=list(FIELDS))


def _records(lines: Any) -> Iterator[tuple[Any, ...]]:
    nothing = (None,) * (len(FIELDS) - 2)
    for number, line in enumerate(lines, 1):
        try:
            payload = json.loads(line)
        except ValueError:
            yield number, "not_json", *nothing
            continue
        yield (number, None, *_fields(payload)) if isinstance(payload, dict) else (number, "not_an_object", *nothing)


def _fields(one: dict[str, Any]) -> tuple[Any, ...]:
    about = one.get("metadata") or NOTHING
    usage = about.get("usage_object") or NOTHING
    prompt, answer = usage.get("prompt_tokens_details") or NOTHING, usage.get("completion_tokens_details") or NOTHING
    labels, asked = about.get("spend_logs_metadata") or NOTHING, about.get("requester_metadata") or NOTHING
    parameters, hidden = one.get("model_parameters") or NOTHING, one.get("hidden_params") or NOTHING
    tagged = labels.get("project") or asked.get("project")
    key = about.get("user_api_key_alias")
    outcome = "failure" if one.get("status") == "failure" else "cache_hit" if one.get("cache_hit") else "success"
    user = one.get("end_user") or about.get("user_api_key_end_user_id") or about.get("user_api_key_user_id")
    return (
        one.get("id"), outcome, one.get("call_type"), one.get("custom_llm_provider"), one.get("model"), one.get("model_id"),
        one.get("session_id") or one.get("trace_id"), about.get("user_api_key_hash"), key, about.get("user_api_key_org_id"),
        about.get("user_api_key_team_alias") or about.get("user_api_key_team_id"), user if user and "@" not in user else None,
        OWNER_OF_KEY.get(key or "") or (tagged if tagged in PROJECTS else None), labels.get("feature"), labels.get("operation"),
        (about.get("prompt_management_metadata") or NOTHING).get("prompt_id"),
        usage.get("service_tier") or hidden.get("service_tier") or parameters.get("service_tier"), usage.get("speed"),
        usage.get("inference_geo"), json.dumps(labels) if labels else None, json.dumps(one.get("request_tags")),
        one.get("startTime"), one.get("endTime"), one.get("response_cost"), one.get("prompt_tokens"), one.get("completion_tokens"),
        prompt.get("cached_tokens"), usage.get("cache_read_input_tokens"), prompt.get("cache_creation_tokens"),
        prompt.get("cache_write_tokens"), usage.get("cache_creation_input_tokens"),
        (prompt.get("cache_creation_token_details") or NOTHING).get("ephemeral_1h_input_tokens"), prompt.get("audio_tokens"),
        prompt.get("image_tokens"), answer.get("audio_tokens"), answer.get("image_tokens"), answer.get("reasoning_tokens"),
        (usage.get("server_tool_use") or NOTHING).get("web_search_requests"), parameters.get("n"),
    )  # fmt: skip


def _normalized(raw: pd.DataFrame, latest: pd.Timestamp) -> pd.DataFrame:
    """The rows with `reason`, days, disjoint meters; quantities are float64 with gaps until they are known to be whole."""
    numbers = {name: pd.to_numeric(raw[name], errors="coerce") for name in NUMBERS}
    given = {name: raw[name].notna() for name in NUMBERS}
    started = pd.to_datetime((numbers["start"] * 1e6).round(), unit="us", errors="coerce")
    cached = numbers["cached_given"].fillna(numbers["cache_read_input"]).fillna(0)
    written = numbers["created"].fillna(numbers["cache_write_given"]).fillna(numbers["created_input"]).fillna(0)
    uncached, long = numbers["prompt"] - cached - written, numbers["created_1h"].fillna(0)
    output = numbers["completion"] - numbers["audio_out"].fillna(0) - numbers["image_out"].fillna(0)
    negative = np.logical_or.reduce([numbers[name] < 0 for name in COUNTS])
    unread = np.logical_or.reduce([given[name] & numbers[name].isna() for name in COUNTS])
    is_failure, is_success = raw["outcome"] == "failure", raw["outcome"] == "success"
    checks = {
        "missing_id": raw["event_id"].isna(),
        "missing_time": ~given["start"],
        "bad_time": started.isna(),
        "time_out_of_range": (started < pd.Timestamp("2015-01-01")) | (started > latest),
        "negative_quantity": negative,
        "bad_number": unread,
        "bad_amount": given["reported"] & numbers["reported"].isna(),
        "missing_model": ~is_failure & raw["model"].isna(),
        "missing_usage": is_success & numbers["prompt"].isna() & numbers["completion"].isna(),
        "inconsistent_usage": (uncached < 0) | (cached < 0) | (written - long < 0) | (output < 0),
    }
    reason = raw["state"].where(raw["state"].notna(), np.select(list(checks.values()), list(checks), default=""))
    audio, image = numbers["audio"].fillna(0), numbers["image"].fillna(0)
    tokens = numbers["prompt"].fillna(0) + numbers["completion"].fillna(0)
    is_image = (raw["call_type"].map(TYPE_OF) == "image") & (tokens == 0)
    meters = {
        "input": uncached - np.minimum(audio, uncached) - np.minimum(image, uncached),
        "cache_read": cached,
        "cache_write": written - long,
        "cache_write_1h": long,
        "output": output,
        "output_image": numbers["image_out"],
        "images": numbers["images_asked"].fillna(1).where(is_image),
        "web_searches": numbers["searches"],
        "reasoning_tokens": numbers["reasoning"],
        "prompt_tokens": numbers["prompt"],
    }
    gateway = raw["gateway"]
    return raw.drop(columns=["state", *NUMBERS]).assign(
        reason=reason.replace("", None),
        started_at=started,
        ended_at=pd.to_datetime((numbers["end"] * 1e6).round(), unit="us", errors="coerce"),
        day=started.dt.normalize(),
        status=raw["outcome"],
        channel=gateway.map({name: one.channel for name, one in CHANNELS.items()}).fillna(gateway).fillna("unknown"),
        provider=gateway.map({name: one.provider for name, one in CHANNELS.items()}).fillna(gateway),
        api_type=raw["call_type"].map(TYPE_OF),
        operation=raw["operation"].fillna(raw["call_type"].map(OPERATIONS)),
        reported_cost=raw["reported"],
        **meters,
    )


def _quarantine(rows: pd.DataFrame, folder: Path) -> dict[str, int]:
    rejected = rows.loc[rows["reason"].notna(), ["source_line", "reason", "event_id"]]
    rejected.to_parquet(folder / "rejected.parquet", compression="zstd", index=False)
    return {str(reason): int(count) for reason, count in sorted(rejected["reason"].value_counts().items())}


def _first_of_each(rows: pd.DataFrame) -> pd.DataFrame:
    accepted = rows[rows["reason"].isna()].drop(columns="reason")
    return accepted.drop_duplicates(["event_id", "day"], keep="first")


def _priced(events: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Events with their card in force and its prices; costs in 10^-15 dollars, null where a meter that was used has none."""
    cards = prices.assign(
        **{f"{part}_{meter}": _units(prices[f"{part}_{meter}"]) for part in PARTS for meter in METERS},
        service_tier=prices["service_tier"].fillna(""),
        known=True,
    )
    second = events["started_at"].dt.hour * 3600 + events["started_at"].dt.minute * 60 + events["started_at"].dt.second
    keyed = events.assign(service_tier=events["service_tier"].fillna(""), second=second, place=np.arange(len(events)))
    pairs = keyed.merge(cards, on=["provider", "model", "service_tier"], how="left")
    start, end = (pd.to_datetime(pairs[name], errors="coerce") for name in ("valid_from", "valid_to"))
    tokens = pairs["prompt_tokens"].fillna(0)
    holds = (start.isna() | (pairs["day"] >= start)) & (end.isna() | (pairs["day"] < end))
    holds &= (pairs["second"] >= pairs["utc_from_second"]) & (pairs["second"] < pairs["utc_to_second"])
    holds &= (tokens > pairs["input_tokens_gt"]) & (tokens <= pairs["input_tokens_le"])
    found = pairs[holds | pairs["known"].isna()]
    used = {meter: found[meter].fillna(0).astype("int64") for meter in METERS}
    is_charged = (found["status"] == "success") | ((found["status"] == "failure") & ((used["output"] > 0) | (used["output_image"] > 0)))
    costs = {}
    for part in PARTS:
        unpriced = np.logical_or.reduce([(used[meter] > 0) & found[f"{part}_{meter}"].isna() for meter in METERS]) | found["known"].isna()
        cost = reduce(add, (used[meter] * found[f"{part}_{meter}"].fillna(0).astype("int64") for meter in METERS))
        costs[f"{part}_cost"] = cost.where(is_charged, 0).astype("Int64").mask(unpriced & is_charged)
    names = [*events.columns, "model_id_y", "card"]
    kept = found.rename(columns={"model_id_x": "model_id"})[names].rename(columns={"model_id_y": "catalog_id", "model_id": "resource_id"})
    return kept.assign(**costs, is_free=found["status"] != "success", model_name=kept["catalog_id"].fillna(kept["model"]))


def _units(prices: pd.Series) -> pd.Series:
    """Decimal prices as whole numbers of 10^-15."""
    return prices.map(lambda price: int(price.scaleb(SCALE)), na_action="ignore").astype("Int64")


def _write(priced: pd.DataFrame, folder: Path) -> None:
    """Parquet by day, zstd, costs as exact decimals."""
    meters = [*METERS, "reasoning_tokens"]
    frame = priced.drop(columns=["outcome", "call_type", "gateway", "prompt_tokens", "is_free", "model_name"])
    frame = frame.assign(**{meter: frame[meter].astype("Int64") for meter in meters})
    for day, rows in frame.groupby("day", sort=True):
        table = pa.Table.from_pandas(rows.drop(columns=["day", "list_cost", "net_cost", "reported_cost"]), preserve_index=False)
        for part in PARTS:
            table = table.append_column(f"{part}_cost", _money(rows[f"{part}_cost"]))
        reported = pa.array([None if cost is None else Decimal(repr(cost)) for cost in rows["reported_cost"].tolist()], MONEY)
        target = folder / "priced" / f"day={day:%Y-%m-%d}"
        target.mkdir(parents=True)
        pq.write_table(table.append_column("reported_cost", reported), target / "rows.parquet", compression="zstd")


def _money(units: pd.Series) -> pa.Array:
    whole = pa.array(units, pa.int64()).cast(pa.decimal128(38, 0))
    return pa.Array.from_buffers(MONEY, len(whole), whole.buffers())


def _summed(priced: pd.DataFrame, prices: pd.DataFrame) -> list[tuple[Any, ...]]:
    """(day, project, model, meter, quantity, requests, list cost, net cost) a combination of dimensions and meter."""
    units = {one["card"]: one for one in prices.to_dict("records")}
    groups = priced.groupby([*DIMENSIONS, "card", "is_free"], dropna=False, observed=True, sort=False)
    sums = groups.agg(requests=("source_line", "size"), **{meter: (meter, "sum") for meter in METERS}).reset_index()
    rows: list[tuple[Any, ...]] = []
    for one in sums.to_dict("records"):
        project = one["project"] if isinstance(one["project"], str) else "unattributed"
        place = (f"{one['day']:%Y-%m-%d}", project, one["model_name"])
        unit = units.get(one["card"], NOTHING)
        nothing = Decimal(0) if one["is_free"] or unit else None
        rows.append((*place, "requests", one["requests"], one["requests"], nothing, nothing))
        for meter in METERS:
            quantity = int(one[meter])
            if quantity:
                costs = [Decimal(0) if one["is_free"] else _times(quantity, unit.get(f"{part}_{meter}")) for part in PARTS]
                rows.append((*place, meter, quantity, 0, *costs))
    return rows


def _times(quantity: int, price: Decimal | float | None) -> Decimal | None:
    """A missing price comes out of a frame as None or NaN."""
    return quantity * price if isinstance(price, Decimal) else None
