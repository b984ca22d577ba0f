"""What Google's SKU texts say: families of wording (Gemini API, Vertex AI, partner models), each matched as a whole.

SKU ids are not published as a list, so the text is the key: in lower case, underscores and runs of blanks as one blank. A text of no
family is 'unmapped': its money counts and it is shown. So are the hours for which a cache is stored, as no meter counts those.
Texts were seen in price lists and bills (tests/sources/test_gcp_skus.py lists them); cache texts of partner models are by analogy.
https://cloud.google.com/skus/sku-groups/gen-ai-v2
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged
from usage_pipeline.tables.meters import UNMAPPED

GEMINI = r"(gemini[ -][0-9][0-9a-z. -]*?)"
EMBEDDING = r"(gemini-embedding-[0-9a-z-]+|text-embedding-[0-9]+)"
PARTNER = r"((?:claude|llama|deepseek|mistral|codestral|qwen|glm|kimi|minimax|gpt-oss)[ -][0-9a-z. -]*?)"
GARDEN = r"(?:cloud vertex ai model garden model as a service )?"
PLACE = r"(?: ga)?(?: global| regional)?"
LONG = r"(?: \(long\))?"
LENGTH = r"(?: short| long)?"
MODALITY = "(text|audio|image|video)"
TIER = "(flex|batch|priority|offpeak)"
COUNT = r"(?:bidi )?generate ?content"

INPUT, OUTPUT, CACHED, WRITTEN, WRITTEN_1H = "input", "output", "cached input", "cache write", "1h cache write"
SEARCH, STORAGE = "search", "storage"
TEXT = "text"

METERS = {
    "input text": "input",
    "input audio": "input_audio",
    "input image": "input_image",
    "input video": "input_video",
    "cached input text": "cache_read",
    "cached input audio": "cache_audio_read",
    "cached input image": "cache_image_read",
    "cache write text": "cache_write",
    "1h cache write text": "cache_write_1h",
    "output text": "output",
    "output audio": "output_audio",
    "output image": "output_image",
    "output video": "output_video",
    "search text": "web_searches",
}
"""Meters by direction and modality. There is none for cached video, nor for a cache's storage."""

NO_MODEL = (
    r"\b(text|video|input|output|cached?|caching|write|hit|read|1h|5m|storage|batch|flex|priority|offpeak|short|long|tokens?|count|hours?"
    r"|tuning|training|throughput)\b"
)
"""Words of no model's name: where one is left in it, the text has a meaning that no family knows."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of wordings: its pattern, and in which group stand the model, the direction, the modality and the tier.

    A direction or modality that the pattern does not capture is given as a word instead. A modality that the text leaves out is text.
    """

    pattern: str
    direction: int | str
    modality: int | str = TEXT
    model: int | None = 1
    tier: int | None = None


GEMINI_API = (
    Family(
        rf"{COUNT} (cached input|input|output) token count (?:for )?{GEMINI}{LENGTH}(?: input| output)?{LENGTH} {MODALITY}"
        rf"(?: thinking| non-thinking)?(?: {TIER})?",
        direction=1,
        modality=3,
        model=2,
        tier=4,
    ),
    Family(rf"{COUNT} input token count {GEMINI} {MODALITY}(?: {TIER})? caching", direction=CACHED, modality=2, tier=3),
    Family(rf"{COUNT} {MODALITY} (input|output) token count for {GEMINI}{LENGTH}(?: {TIER})?", direction=2, modality=1, model=3, tier=4),
    *(
        Family(rf"{COUNT} {words} input token count for {GEMINI}{LENGTH}(?: {TIER})?", direction=CACHED, modality=1, model=2, tier=3)
        for words in (f"cached {MODALITY}", f"{MODALITY} cached")
    ),
    Family(rf"embed ?content input token count for {EMBEDDING}(?: {MODALITY})?(?: {TIER})?", direction=INPUT, modality=2, tier=3),
    Family(rf"{COUNT} cached (?:content|text|audio|image|video) storage token hours(?: (?:for )?{GEMINI}{LENGTH})?", direction=STORAGE),
    Family(rf"{COUNT} (cached input|input|output) token count {GEMINI}(?: short| long)(?: input| output)?", direction=1, model=2),
    Family(rf"{COUNT} search query gemini .*", direction=SEARCH, model=None),
)
VERTEX_AI = (
    *(
        Family(
            rf"{GEMINI}{PLACE}{LONG} (?:thinking )?{MODALITY} (input|output){LONG}(?: \(thinking on\))?{predictions}",
            direction=3,
            modality=2,
            tier=4,
        )
        for predictions in (rf" - (?:{TIER} )?predictions", rf" {TIER} - predictions")
    ),
    *(
        Family(rf"{GEMINI}{PLACE} {words} caching{LONG}(?: {TIER})?", direction=CACHED, modality=2, tier=3)
        for words in (f"{MODALITY} input", f"input {MODALITY}")
    ),
    Family(
        rf"{GEMINI}{PLACE}(?: (?:text|audio|image|video) input| input (?:text|audio|image|video))? caching storage{LONG}",
        direction=STORAGE,
    ),
    Family(r"grounding with google search on gemini .*", direction=SEARCH, model=None),
)
PARTNER_MODELS = tuple(
    Family(rf"{GARDEN}{PARTNER}(?: global| regional)?(?: {TIER})? {words}(?: tokens?)?{LONG}", direction=direction, tier=2)
    for direction, words in (
        (CACHED, r"(?:cached|cache hit|cache read)(?: text)?(?: input)?"),
        (WRITTEN_1H, r"1h cache write(?: text)?(?: input)?"),
        (WRITTEN, r"(?:5m )?cache write(?: text)?(?: input)?"),
        (INPUT, r"(?:text )?input"),
        (OUTPUT, r"(?:text )?output"),
    )
)
FAMILIES: tuple[Family, ...] = (*PARTNER_MODELS, *GEMINI_API, *VERTEX_AI)


def with_skus(rows: ir.Table) -> ir.Table:
    """`rows` with the columns `meter`, `model` and `tier` of their `sku_description`; each text is looked at once.

    `meter` is 'unmapped' where no family fits. The model is in a catalog's spelling: 'Gemini 2.5 Flash' is gemini-2.5-flash,
    'Claude Haiku 4.5' claude-haiku-4-5.
    """
    texts = rows.select("sku_description").distinct()
    known = staged(_read(staged(_taken_apart(staged(texts.mutate(plain=_plain(texts.sku_description)))))))
    joined = rows.left_join(known, [rows.sku_description == known.sku_description])
    return joined.select(
        *(rows[name] for name in rows.columns),
        meter=known.meter.fill_null(UNMAPPED),
        model=known.model,
        tier=known.tier,
    )


def _plain(text: ir.StringValue) -> ir.StringValue:
    return text.lower().replace("_", " ").re_replace(r"\s+", " ").strip()


def _taken_apart(texts: ir.Table) -> ir.Table:
    """What the first family that fits captures; null where none does."""
    plain = texts.plain
    kinds = [(family, _word(plain, family, family.direction) + " " + _modality(plain, family)) for family in FAMILIES]
    return texts.mutate(
        kind=ibis.cases(*((_fits(plain, family), words) for family, words in kinds), else_=ibis.null("string")),
        name=_captured(plain, [(family, family.model) for family in FAMILIES if family.model is not None]).nullif("").fill_null(""),
        words_of_tier=_captured(plain, [(family, family.tier) for family in FAMILIES if family.tier is not None]).nullif(""),
    )


def _read(texts: ir.Table) -> ir.Table:
    """The captured words as a meter, a model and a tier; none of them where a word was left that no family knows."""
    read = staged(texts.mutate(fits=texts.kind.notnull() & ~texts.name.re_search(NO_MODEL)))
    named = ibis.ifelse(read.name.startswith("claude "), read.name.replace(".", "-"), read.name)
    null = ibis.null("string")
    return read.mutate(
        meter=ibis.ifelse(read.fits, read.kind.cases(*METERS.items(), else_=UNMAPPED), UNMAPPED),
        model=ibis.ifelse(read.fits, named.replace(" ", "-").nullif(""), null),
        tier=ibis.ifelse(read.fits, read.words_of_tier, null),
    )


def _fits(text: ir.StringValue, family: Family) -> ir.BooleanValue:
    return text.re_search(f"^{family.pattern}$")


def _modality(text: ir.StringValue, family: Family) -> ir.StringValue:
    return _word(text, family, family.modality).nullif("").fill_null(TEXT)


def _word(text: ir.StringValue, family: Family, place: int | str) -> ir.StringValue:
    return ibis.literal(place) if isinstance(place, str) else text.re_extract(f"^{family.pattern}$", place)


def _captured(text: ir.StringValue, groups: list[tuple[Family, int]]) -> ir.StringValue:
    return ibis.cases(*((_fits(text, family), _word(text, family, group)) for family, group in groups), else_=ibis.null("string"))
