"""A usage object's quantities → disjoint meters, by the rule of its shape; what an Anthropic message ran inside becomes runs of its own.

| shape | cached tokens | reasoning |
|---|---|---|
| chat, responses, gemini | in the input | in the output (Gemini: beside the candidates; xAI: beside the completion) |
| anthropic, bedrock | beside the input | in the output |
| cohere | none billed | none told |
"""

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import bound, is_negative, whole_number
from usage_pipeline.sources.logs.raw_quantities import any_of, has_unknown, iteration, of_iteration
from usage_pipeline.sources.logs.raw_shapes import ITERATION
from usage_pipeline.sources.records import staged

RUN_METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
"""What an iteration of an Anthropic message measures."""

MODALITIES = {"audio": ("AUDIO",), "image": ("IMAGE", "DOCUMENT"), "video": ("VIDEO",)}
"""Our modalities with Gemini's. Pages of documents are priced as images."""


def metered(rows: ir.Table) -> ir.Table:
    """`rows` with the meters, `runs` (null where a message ran once), and whether the parts contradict the whole."""
    split = staged(_split(staged(_whole(staged(_by_modality(rows))))))
    return split.mutate(is_inconsistent=_is_inconsistent(split), **_run_checks(split))


def _by_modality(rows: ir.Table) -> ir.Table:
    """Gemini's lists of modalities as quantities, where they sum to what they are a list of: they are a hint, not a ledger."""
    of_input = _modalities(rows.input_details, rows.n_input_whole)
    of_cache = _modalities(rows.cache_details, rows.n_cached)
    of_output = _modalities(rows.output_details, rows.n_output_whole)
    return rows.mutate(
        n_audio=ibis.coalesce(rows.n_audio, of_input["audio"]),
        n_image=ibis.coalesce(rows.n_image, of_input["image"]),
        n_video=ibis.coalesce(rows.n_video, of_input["video"]),
        n_cached_audio=ibis.coalesce(rows.n_cached_audio, of_cache["audio"]),
        n_cached_image=ibis.coalesce(rows.n_cached_image, of_cache["image"]),
        n_output_audio=ibis.coalesce(rows.n_output_audio, of_output["audio"]),
        n_output_image=ibis.coalesce(rows.n_output_image, of_output["image"]),
        output_video=of_output["video"],
        listed_1h=_tokens(rows.ttls.filter(lambda one: one["ttl"] == "1h"), "inputTokens"),
        listed_writes=_tokens(rows.ttls, "inputTokens"),
        runs=ibis.ifelse(rows.iterations.length() > 0, rows.iterations, ibis.null("array<string>")).map(_run),
    )


def _modalities(details: ir.ArrayValue, whole: ir.IntegerValue) -> dict[str, ir.IntegerValue]:
    """Tokens by modality; null where the list does not sum to the whole."""
    sums = _tokens(details, "tokenCount", "token_count") == whole
    return {
        name: ibis.ifelse(sums, _tokens(details.filter(lambda one: one["modality"].isin(words)), "tokenCount", "token_count"), _NONE)  # noqa: B023
        for name, words in MODALITIES.items()
    }


def _tokens(details: ir.ArrayValue, *keys: str) -> ir.IntegerValue:
    """The sum of a list's tokens, 0 for an empty list."""
    counts = details.map(lambda one: whole_number(ibis.coalesce(*(one[key] for key in keys))))
    return ibis.ifelse(details.notnull(), counts.sums().fill_null(0).try_cast("int64"), _NONE)


_NONE = ibis.null("int64")


def _whole(rows: ir.Table) -> ir.Table:
    """Input and output as wholes, each with all that is in it, and what of it was cached or written."""
    gemini, cohere = rows["shape"] == "gemini", rows["shape"] == "cohere"
    cached = ibis.coalesce(rows.n_cached, rows.n_cached_again, 0)
    written_1h = ibis.coalesce(rows.n_written_1h, rows.listed_1h, 0)
    written = ibis.coalesce(rows.n_written_5m, rows.n_written - written_1h, 0)
    exclusive = rows["shape"].isin(("anthropic", "bedrock"))
    given = ibis.ifelse(cohere, _sum(rows.n_input_whole, rows.n_image), rows.n_input_whole)
    prompt = ibis.ifelse(gemini, _sum(rows.n_input_whole, rows.n_tool_input).fill_null(0), given)
    beside = (gemini | rows.is_xai) & rows.n_reasoning.notnull()
    output = ibis.ifelse(gemini, rows.n_output_whole.fill_null(0), rows.n_output_whole)
    makes_images = (rows["shape"] == "responses") & rows.image.notnull() & rows.cached.isnull()
    own_image_part = makes_images & ~rows.has_output_details
    return rows.mutate(
        cached_tokens=cached,
        written_tokens=written,
        written_1h_tokens=written_1h,
        prompt_tokens=prompt,
        uncached=ibis.ifelse(exclusive, prompt, prompt - cached - written - written_1h),
        output_tokens=ibis.ifelse(beside, _sum(output, rows.n_reasoning), output),
        image_output=ibis.ifelse(own_image_part, rows.n_output_whole, rows.n_output_image),
        sums_to=reduce(
            add,
            (
                prompt.fill_null(0),
                output.fill_null(0),
                ibis.ifelse(beside, rows.n_reasoning, 0),
                ibis.ifelse(exclusive, cached + written + written_1h, 0),
            ),
        ),
        makes_images=makes_images,
    )


def _sum(*parts: ir.IntegerValue) -> ir.IntegerValue:
    """The sum of those that are there; null where none is."""
    total = reduce(add, (part.fill_null(0) for part in parts))
    return ibis.ifelse(any_of(part.notnull() for part in parts), total, _NONE)


def _split(rows: ir.Table) -> ir.Table:
    """Disjoint: text, audio, images, video; each uncached or cached.

    Where a body does not say of which modality the cached tokens were, as much audio and images as can be count as uncached.
    """
    audio, image, video = (rows[f"n_{name}"].fill_null(0) for name in ("audio", "image", "video"))
    input_audio = ibis.coalesce(audio - rows.n_cached_audio, ibis.least(audio, rows.uncached))
    input_image = ibis.coalesce(image - rows.n_cached_image, ibis.least(image, rows.uncached - input_audio))
    input_video = ibis.least(video, rows.uncached - input_audio - input_image)
    cache_audio, cache_image = audio - input_audio, image - input_image
    counts = rows.prompt_tokens.notnull()
    beside_text = reduce(add, (rows[name].fill_null(0) for name in ("n_output_audio", "image_output", "output_video")))
    return rows.mutate(
        m_input=rows.uncached - input_audio - input_image - input_video,
        m_cache_read=ibis.ifelse(counts, rows.cached_tokens - cache_audio - cache_image, _NONE),
        m_cache_write=ibis.ifelse(counts, rows.written_tokens, _NONE),
        m_cache_write_1h=ibis.ifelse(counts, rows.written_1h_tokens, _NONE),
        m_output=rows.output_tokens - beside_text,
        m_input_audio=ibis.ifelse(counts, input_audio, _NONE),
        m_input_image=ibis.ifelse(counts, input_image, _NONE),
        m_input_video=ibis.ifelse(counts, input_video, _NONE),
        m_cache_audio_read=ibis.ifelse(counts, cache_audio, _NONE),
        m_cache_image_read=ibis.ifelse(counts, cache_image, _NONE),
        cached_video=video - input_video,
        m_output_audio=rows.n_output_audio,
        m_output_image=rows.image_output,
        m_output_video=rows.output_video,
        m_audio_seconds=ibis.ifelse((rows.n_seconds > 0) | (rows["shape"] == "duration"), rows.n_seconds, ibis.null(rows.n_seconds.type())),
        m_file_searches=rows.n_reranked,
        m_web_searches=rows.n_searches,
    )


PARTS = (
    "m_input",
    "m_cache_read",
    "m_cache_write",
    "m_output",
    "m_input_audio",
    "m_input_image",
    "m_cache_audio_read",
    "m_cache_image_read",
)
"""What is left when parts are taken out of a whole: below zero, they were larger than it."""


def _is_inconsistent(rows: ir.Table) -> ir.BooleanValue:
    """Whether the numbers of one usage object contradict each other."""
    return any_of(
        (
            *(rows[part] < 0 for part in PARTS),
            (rows.m_cache_read < rows.cached_video),
            (rows.n_total < rows.sums_to),
            (rows.n_written != rows.written_tokens + rows.written_1h_tokens),
            (rows.n_written != rows.listed_writes),
            (rows.n_cached != rows.n_cached_again),
            (rows.n_missed + rows.cached_tokens != rows.n_input_whole),
            (rows.n_reasoning > rows.output_tokens),
        )
    )


# --- iterations of an Anthropic message -------------------------------------------------------------------------------------------


def _run(text: ir.StringValue) -> ir.StructValue:
    """One iteration: its meters, model and type, and what is wrong with it."""
    return bound(iteration(text), lambda run: _run_of(text, run))


def _run_of(text: ir.StringValue, run: ir.StructValue) -> ir.StructValue:
    texts = {name: of_iteration(run, name) for name in ITERATION.quantities}
    numbers = {name: whole_number(value) for name, value in texts.items()}
    written_1h = numbers["written_1h"].fill_null(0)
    written = ibis.coalesce(numbers["written_5m"], numbers["written"] - written_1h, 0)
    unread = [texts[name].notnull() & numbers[name].isnull() for name in texts]
    return ibis.struct(
        {
            "input": numbers["input_whole"],
            "cache_read": numbers["cached"].fill_null(0),
            "cache_write": written,
            "cache_write_1h": written_1h,
            "output": numbers["output_whole"],
            "model": run["model"],
            "type": run["type"],
            "is_unread": any_of(unread),
            "is_negative": any_of(is_negative(value) for value in texts.values()),
            "is_unknown": has_unknown(text.try_cast("json"), ITERATION),
            "is_inconsistent": (numbers["written"] != written + written_1h) | (written < 0),
            "is_unmeasured": numbers["input_whole"].isnull() | numbers["output_whole"].isnull(),
        }
    )


def _run_checks(rows: ir.Table) -> dict[str, ir.Value]:
    """What is wrong with the iterations of a message. Together they are at least what its top level says: that leaves some out."""
    said = {name: rows[f"m_{name}"] for name in RUN_METERS}
    short = [rows.runs.map(lambda run: run[name]).sums() < said[name] for name in RUN_METERS]  # noqa: B023
    handed_on = _has(rows, lambda run: run["type"] == "fallback_message") & _has(rows, lambda run: run["model"].isnull())
    return {
        "runs_unread": _has(rows, lambda run: run["is_unread"]),
        "runs_negative": _has(rows, lambda run: run["is_unread"] & run["is_negative"]),
        "runs_unknown": _has(rows, lambda run: run["is_unknown"]),
        "runs_inconsistent": _has(rows, lambda run: run["is_inconsistent"]) | any_of(one for one in short),
        "runs_unmeasured": _has(rows, lambda run: run["is_unmeasured"]),
        "runs_without_model": handed_on,
    }


def _has(rows: ir.Table, condition: object) -> ir.BooleanValue:
    """Whether a run of the message is so."""
    return rows.runs.filter(condition).length() > 0
