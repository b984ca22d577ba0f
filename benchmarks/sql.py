"""The plain SQL of the hand-written chain. Names in braces are paths."""

import json
from collections.abc import Iterable
from typing import Any

from benchmarks.prepare import METERS
from benchmarks.terms import COMPANY, OWNER_OF_KEY
from usage_pipeline.sources.channels import CHANNELS
from usage_pipeline.sources.logs.litellm_requests import OPERATIONS, TYPE_OF


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _cases(column: str, pairs: dict[str, str], otherwise: str) -> str:
    return f"CASE {column} " + " ".join(f"WHEN '{key}' THEN '{value}'" for key, value in pairs.items()) + f" ELSE {otherwise} END"


_KEY = "metadata.user_api_key_"
_USAGE = "metadata.usage_object"
_PROMPT = f"{_USAGE}.prompt_tokens_details"
_ANSWER = f"{_USAGE}.completion_tokens_details"
_COUNTS = {
    "prompt": "prompt_tokens",
    "completion": "completion_tokens",
    "cached_given": f"{_PROMPT}.cached_tokens",
    "cache_read_input": f"{_USAGE}.cache_read_input_tokens",
    "created": f"{_PROMPT}.cache_creation_tokens",
    "cache_write_given": f"{_PROMPT}.cache_write_tokens",
    "created_input": f"{_USAGE}.cache_creation_input_tokens",
    "created_1h": f"{_PROMPT}.cache_creation_token_details.ephemeral_1h_input_tokens",
    "audio": f"{_PROMPT}.audio_tokens",
    "image": f"{_PROMPT}.image_tokens",
    "characters": f"{_PROMPT}.character_count",
    "audio_out": f"{_ANSWER}.audio_tokens",
    "image_out": f"{_ANSWER}.image_tokens",
    "reasoning": f"{_ANSWER}.reasoning_tokens",
    "searches": f"{_USAGE}.server_tool_use.web_search_requests",
    "images_asked": "model_parameters.n",
}
_FIELDS = {
    **{name: name for name in ("id", "trace_id", "session_id", "call_type", "cache_hit", "model", "model_id", "response_cost", "end_user")},
    "outcome": "status",
    "start_time": "startTime",
    "end_time": "endTime",
    "gateway": "custom_llm_provider",
    "request_tags": "request_tags",
    "key_hash": f"{_KEY}hash",
    "key_name": f"{_KEY}alias",
    "org_id": f"{_KEY}org_id",
    "team_id": f"{_KEY}team_id",
    "team_name": f"{_KEY}team_alias",
    "key_user": f"{_KEY}user_id",
    "key_end_user": f"{_KEY}end_user_id",
    "labels": "metadata.spend_logs_metadata",
    "asked_labels": "metadata.requester_metadata",
    "prompt_name": "metadata.prompt_management_metadata.prompt_id",
    "seconds": f"{_USAGE}.seconds",
    "served_tier": f"{_USAGE}.service_tier",
    "region": f"{_USAGE}.inference_geo",
    "speed": f"{_USAGE}.speed",
    "hidden_tier": "hidden_params.service_tier",
    "asked_tier": "model_parameters.service_tier",
    **{f"{name}_text": path for name, path in _COUNTS.items()},
}


def _shape(paths: Iterable[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        place = tree
        *parents, last = path.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = "VARCHAR"
    return tree


_TRANSFORM = json.dumps(_shape(_FIELDS.values())).replace("{", "{{").replace("}", "}}")

READ = f"""
CREATE TEMP TABLE parsed AS
SELECT source_line, state, text, {", ".join(f"p.{path} AS {name}" for name, path in _FIELDS.items())}
FROM (
  SELECT source_line, state, CASE WHEN state IS NOT NULL THEN left(line, 200) END AS text,
    CASE WHEN state IS NULL THEN json_transform(line, '{_TRANSFORM}') END AS p
  FROM (
    SELECT source_line, line,
      CASE WHEN NOT json_valid(line) THEN 'not_json'
        WHEN NOT starts_with(line, '{{{{') AND json_type(line) <> 'OBJECT' THEN 'not_an_object' END AS state
    FROM (
      SELECT line, row_number() OVER () AS source_line
      FROM read_csv('{{input}}', columns = {{{{'line': 'VARCHAR'}}}}, header = false, delim = '\x01', quote = '', escape = '',
        auto_detect = false, max_line_size = 33554432))));
"""

_NEGATIVE = " OR ".join(f"{name} < 0" for name in _COUNTS)
_UNREAD = " OR ".join(f"({name}_text IS NOT NULL AND {name} IS NULL)" for name in _COUNTS)
_CHANNEL = _cases("gateway", {key: one.channel for key, one in CHANNELS.items()}, "coalesce(gateway, 'unknown')")
_PROVIDER = _cases("gateway", {key: one.provider for key, one in CHANNELS.items()}, "gateway")
_PERSON = "coalesce(nullif(end_user, ''), nullif(key_end_user, ''), nullif(key_user, ''))"
_MICROSECONDS = "make_timestamp(CAST(round(try_cast({} AS DOUBLE) * 1000000) AS BIGINT))"

NORMALIZE = f"""
CREATE TEMP TABLE rows_read AS
SELECT source_line, coalesce(state, CASE
    WHEN id IS NULL THEN 'missing_id'
    WHEN start_time IS NULL THEN 'missing_time'
    WHEN started_at IS NULL THEN 'bad_time'
    WHEN started_at < '2015-01-01' OR started_at > '{{latest}}' THEN 'time_out_of_range'
    WHEN {_NEGATIVE} THEN 'negative_quantity'
    WHEN {_UNREAD} THEN 'bad_number'
    WHEN response_cost IS NOT NULL AND reported_cost IS NULL THEN 'bad_amount'
    WHEN status <> 'failure' AND model IS NULL THEN 'missing_model'
    WHEN status = 'success' AND prompt IS NULL AND completion IS NULL THEN 'missing_usage'
    WHEN uncached < 0 OR cached < 0 OR written - written_1h < 0
      OR completion - coalesce(audio_out, 0) - coalesce(image_out, 0) < 0 THEN 'inconsistent_usage' END) AS reason,
  text, id AS event_id, started_at, ended_at, CAST(started_at AS DATE) AS day, status, {_CHANNEL} AS channel, {_PROVIDER} AS provider,
  model, coalesce(served_tier, hidden_tier, asked_tier) AS service_tier, speed, nullif(region, 'not_available') AS region,
  coalesce({_cases("key_name", OWNER_OF_KEY, "NULL")},
    CASE WHEN tagged IN ({_texts(project.id for project in COMPANY)}) THEN tagged END) AS project,
  coalesce(team_name, team_id) AS team, CASE WHEN {_PERSON} NOT LIKE '%@%' THEN {_PERSON} END AS "user",
  coalesce(session_id, trace_id) AS conversation, prompt_name, labels ->> '$.feature' AS feature,
  coalesce(labels ->> '$.operation', {_cases("call_type", OPERATIONS, "NULL")}) AS operation,
  {_cases("call_type", TYPE_OF, "NULL")} AS api_type,
  key_hash, key_name, org_id, model_id AS resource_id, reported_cost, labels AS tags, request_tags,
  uncached - least(coalesce(audio, 0), uncached) - least(coalesce(image, 0), uncached) AS input,
  cached AS cache_read, written - written_1h AS cache_write, written_1h AS cache_write_1h,
  completion - coalesce(audio_out, 0) - coalesce(image_out, 0) AS output, nullif(image_out, 0) AS output_image,
  CASE WHEN call_type LIKE '%image%' AND coalesce(prompt, 0) + coalesce(completion, 0) = 0 THEN coalesce(images_asked, 1) END AS images,
  nullif(searches, 0) AS web_searches, reasoning AS reasoning_tokens, prompt AS prompt_tokens
FROM (
  SELECT *, coalesce(cached_given, cache_read_input, 0) AS cached, coalesce(created, cache_write_given, created_input, 0) AS written,
    prompt - cached - written AS uncached, coalesce(created_1h, 0) AS written_1h
  FROM (
    SELECT * EXCLUDE (start_time, end_time), start_time,
      CASE WHEN outcome = 'failure' THEN 'failure' WHEN lower(cache_hit) = 'true' THEN 'cache_hit' ELSE 'success' END AS status,
      {_MICROSECONDS.format("start_time")} AS started_at, {_MICROSECONDS.format("end_time")} AS ended_at,
      try_cast(response_cost AS DECIMAL(38, 15)) AS reported_cost,
      coalesce(labels ->> '$.project', asked_labels ->> '$.project') AS tagged,
      {", ".join(f"try_cast({name}_text AS BIGINT) AS {name}" for name in _COUNTS)}
    FROM parsed));
DROP TABLE parsed;
"""

QUARANTINE = """
COPY (SELECT source_line, reason, coalesce(text, event_id) AS text FROM rows_read WHERE reason IS NOT NULL ORDER BY source_line)
TO '{folder}/rejected.parquet' (FORMAT parquet, COMPRESSION zstd);
"""

DEDUPLICATE = """
CREATE TEMP TABLE duplicates AS
SELECT source_line FROM (
  SELECT source_line, row_number() OVER (PARTITION BY event_id, day ORDER BY source_line) AS place
  FROM rows_read JOIN (SELECT event_id, day FROM rows_read WHERE reason IS NULL GROUP BY ALL HAVING count(*) > 1) USING (event_id, day)
  WHERE reason IS NULL)
WHERE place > 1;
CREATE TEMP VIEW accepted AS
SELECT * EXCLUDE (reason, text) FROM rows_read WHERE reason IS NULL AND source_line NOT IN (FROM duplicates);
"""


KEEP = """
COPY (FROM accepted) TO '{folder}/landed' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day));
COPY (FROM read_parquet('{folder}/landed/*/*.parquet', hive_partitioning = true))
TO '{folder}/events' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day));
CREATE OR REPLACE TEMP VIEW accepted AS FROM read_parquet('{folder}/events/*/*.parquet', hive_partitioning = true);
"""
"""What our pipeline keeps, too: the rows as they landed, and the events with their projects. From here on the script reads those."""


def _cost(part: str) -> str:
    """What an event costs; null where a meter that it used has no price, 0 where it is not charged."""
    charges = " + ".join(f"coalesce({meter}, 0) * coalesce({part}_{meter}, 0)" for meter in METERS)
    unpriced = " OR ".join(f"(coalesce({meter}, 0) > 0 AND {part}_{meter} IS NULL)" for meter in METERS)
    return f"CASE WHEN NOT is_charged THEN 0 WHEN card IS NULL OR {unpriced} THEN NULL ELSE {charges} END::DECIMAL(38, 15)"


PRICE = f"""
CREATE TEMP TABLE prices AS FROM '{{prices}}';
CREATE TEMP VIEW priced AS
SELECT * EXCLUDE ({", ".join(f"{part}_{meter}" for part in ("list", "net") for meter in METERS)}),
  {_cost("list")} AS list_cost, {_cost("net")} AS net_cost
FROM (
  SELECT e.*, r.* EXCLUDE (provider, model, service_tier, valid_from, valid_to, utc_from_second, utc_to_second, input_tokens_gt,
      input_tokens_le),
    e.status = 'success' OR (e.status = 'failure' AND (coalesce(e.output, 0) > 0 OR coalesce(e.output_image, 0) > 0)) AS is_charged
  FROM (SELECT *, epoch_us(started_at) // 1000000 % 86400 AS second_of_day FROM accepted) e
  LEFT JOIN prices r ON r.provider = e.provider AND r.model = e.model AND r.service_tier IS NOT DISTINCT FROM e.service_tier
    AND e.day >= r.valid_from AND e.day < r.valid_to
    AND e.second_of_day >= r.utc_from_second AND e.second_of_day < r.utc_to_second
    AND coalesce(e.prompt_tokens, 0) > r.input_tokens_gt AND coalesce(e.prompt_tokens, 0) <= r.input_tokens_le);
"""

WRITE = """
COPY (SELECT * EXCLUDE (second_of_day, prompt_tokens, is_charged) FROM priced)
TO '{folder}/priced' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day));
"""

_PAIRS = [
    f"{{{{'meter': '{meter}', 'quantity': g.{meter}, 'list_price': r.list_{meter}, 'net_price': r.net_{meter}}}}}" for meter in METERS
]
_NOTHING = "0::DECIMAL(38, 15)"

AGGREGATE = f"""
COPY (
  SELECT day, coalesce(project, 'unattributed') AS project, team, "user", channel, provider, coalesce(model_id, model) AS model, api_type,
    operation, status, meter, sum(quantity)::DECIMAL(38, 6) AS quantity, sum(requests)::BIGINT AS requests,
    sum(list_cost)::DECIMAL(38, 15) AS list_cost, sum(net_cost)::DECIMAL(38, 15) AS net_cost
  FROM (
    SELECT s.*, pair.meter AS meter, pair.quantity AS quantity,
      CASE WHEN pair.meter = 'requests' THEN pair.quantity ELSE 0 END AS requests,
      CASE WHEN s.is_free THEN 0 WHEN s.card IS NULL THEN NULL
        WHEN pair.meter = 'requests' THEN 0 ELSE (pair.quantity * pair.list_price)::DECIMAL(38, 15) END AS list_cost,
      CASE WHEN s.is_free THEN 0 WHEN s.card IS NULL THEN NULL
        WHEN pair.meter = 'requests' THEN 0 ELSE (pair.quantity * pair.net_price)::DECIMAL(38, 15) END AS net_cost
    FROM (
      SELECT g.*, unnest([
        {{{{'meter': 'requests', 'quantity': g.events, 'list_price': {_NOTHING}, 'net_price': {_NOTHING}}}}},
        {", ".join(_PAIRS)}
      ]) AS pair
      FROM (
        SELECT day, project, team, "user", channel, provider, model_id, model, api_type, operation, status, card,
          status <> 'success' AS is_free, count(*) AS events, {", ".join(f"sum({meter})::BIGINT AS {meter}" for meter in METERS)}
        FROM read_parquet('{{folder}}/priced/*/*.parquet', hive_partitioning = true) GROUP BY ALL) g
      LEFT JOIN (SELECT DISTINCT ON (card) * FROM prices) r ON r.card = g.card) s
    WHERE pair.quantity > 0)
  GROUP BY ALL)
TO '{{folder}}/daily.parquet' (FORMAT parquet, COMPRESSION zstd);
"""
