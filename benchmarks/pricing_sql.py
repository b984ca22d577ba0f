"""The same pricing as plain SQL, as a person would write it by hand for DuckDB: what `benchmarks.pricing` compares ours to."""

from usage_pipeline.prices.wide import INPUT_METERS, OUTPUT_METERS
from usage_pipeline.tables.meters import METER_NAMES

METERS = tuple(meter for meter in METER_NAMES if meter not in {"images", "audio_seconds"})
"""Those that the two mixes have, and all others whose price is for whole units."""


def _cost(part: str) -> str:
    plain = " + ".join(f"coalesce({meter}, 0) * coalesce({part}_{meter}, 0)" for meter in METERS if meter != "output")
    thought = f"CASE WHEN {part}_reasoning IS NULL THEN 0 ELSE coalesce(reasoning_tokens, 0) END"
    output = f"(coalesce(output, 0) - {thought}) * coalesce({part}_output, 0) + {thought} * coalesce({part}_reasoning, 0)"
    return f"({plain} + {output} + request_count * coalesce({part}_requests, 0))::DECIMAL(38, 15)"


_PRICES = ", ".join(
    f"max({part}_unit_price) FILTER (meter = '{meter}') AS {part}_{meter}"
    for part in ("list", "net")
    for meter in (*METERS, "reasoning", "requests")
)
_USED_UNPRICED = " OR ".join(f"({meter} > 0 AND list_{meter} IS NULL)" for meter in METERS)
_NEGATIVE = " OR ".join(f"{meter} < 0" for meter in (*METERS, "reasoning_tokens", "request_count"))
_PARENT = " OR ".join(f"({meter} > 0 AND parent_{meter})" for meter in METERS)
_PARENTS = ", ".join(f"bool_or(priced_as IS NOT NULL) FILTER (meter = '{meter}') AS parent_{meter}" for meter in METERS)
_EMPTY = f"coalesce({', '.join((*INPUT_METERS, *OUTPUT_METERS))}) IS NULL"
_TOKENS = " + ".join(f"coalesce({meter}, 0)" for meter in INPUT_METERS)

SCRIPT = f"""
CREATE TEMP TABLE cards AS
SELECT c.*, w.* EXCLUDE (rate_card) FROM rate_cards c
LEFT JOIN (SELECT rate_card, {_PRICES}, {_PARENTS} FROM rates GROUP BY 1) w USING (rate_card);
COPY (
  SELECT {{columns}} FROM (
  SELECT *, '{{book}}' AS price_book,
    CASE WHEN price_state IN ('priced', 'priced_as_parent', 'no_variant') THEN {_cost("list")} END AS list_cost,
    CASE WHEN price_state IN ('priced', 'priced_as_parent', 'no_variant') THEN {_cost("net")} END AS net_cost,
    NULL::VARCHAR AS credit_rule, NULL::DECIMAL(38, 15) AS credits
  FROM (
    SELECT *, CASE
        WHEN {_NEGATIVE} OR coalesce(reasoning_tokens, 0) > coalesce(output, 0) THEN 'inconsistent_usage'
        WHEN model_id IS NULL THEN 'unresolved_model'
        WHEN state = 'free_or_unknown' THEN 'free_or_unknown'
        WHEN {_EMPTY} THEN 'inconsistent_usage'
        WHEN {_USED_UNPRICED} THEN 'unpriced_meter'
        WHEN state = 'no_variant' THEN 'no_variant'
        WHEN {_PARENT} THEN 'priced_as_parent'
        ELSE 'priced' END AS price_state
    FROM (
      SELECT e.*, r.model_id, c.* EXCLUDE (schedule, valid_from, valid_to)
      FROM (SELECT *, {_TOKENS} AS tokens, epoch_us(started_at) // 1000000 % 86400 AS second FROM '{{events}}') e
      LEFT JOIN resolutions r ON r.provider = e.provider AND r.model = e.model
        AND r.service_tier IS NOT DISTINCT FROM e.service_tier AND r.is_batch IS NOT DISTINCT FROM e.is_batch
        AND r.speed IS NOT DISTINCT FROM e.speed AND r.region IS NOT DISTINCT FROM e.region
      LEFT JOIN cards c ON c.schedule = r.schedule
        AND e.started_at >= coalesce(c.valid_from, '0001-01-01')::TIMESTAMPTZ
        AND e.started_at < coalesce(c.valid_to, '9999-12-31')::TIMESTAMPTZ
        AND e.second >= c.utc_from_second AND e.second < c.utc_to_second
        AND e.tokens > c.input_tokens_gt AND e.tokens <= c.input_tokens_le)))
) TO '{{out}}' (FORMAT parquet, COMPRESSION snappy);
"""
