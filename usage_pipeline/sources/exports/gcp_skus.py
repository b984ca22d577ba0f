"""What Google's SKU texts say: families of wording (Gemini API, Vertex AI, partner models), each matched as a whole, in lower case.

SKU ids are not published as a list, so the text is the key. A text of no family is 'unmapped': its money counts and it is shown.
Texts of tokens of text were seen; audio, image and video, and tiers in every place, are by analogy.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.meters import UNMAPPED

GEMINI = r"(gemini [0-9][0-9a-z. -]*?)"
VERSION = r"(?: ga)?(?: global)?(?: \(long\))?"
MODALITY = "(text|audio|image|video)"
TIER = "(flex|batch|priority)"

METERS = {
    "input text": "input",
    "input audio": "input_audio",
    "input image": "input_image",
    "input video": "input_video",
    "cached input text": "cache_read",
    "cached input audio": "cache_audio_read",
    "cached input image": "cache_image_read",
    "output text": "output",
    "output audio": "output_audio",
    "output image": "output_image",
    "output video": "output_video",
}
"""Meters by direction and modality."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of wordings: its pattern, and in which group stand the model, the direction, the modality and the tier.

    A direction or modality that the pattern does not capture is given as a word instead.
    """

    pattern: str
    direction: int | str
    modality: int | str
    model: int = 1
    tier: int | None = None


FAMILIES: tuple[Family, ...] = (
    Family(
        rf"generate[ _]content (cached input|input|output) token count (?:for )?{GEMINI}(?: (?:short|long) input)? {MODALITY}(?: {TIER})?",
        direction=1,
        modality=3,
        model=2,
        tier=4,
    ),
    Family(rf"generate_content image output token count for {GEMINI}", direction="output", modality="image"),
    Family(r"embedcontent input token count for (gemini-embedding-[0-9a-z-]+) text", direction="input", modality="text"),
    Family(
        rf"{GEMINI}{VERSION} (?:thinking )?{MODALITY} (input|output)(?: \(long\))? - (?:{TIER} )?predictions",
        direction=3,
        modality=2,
        tier=4,
    ),
    Family(rf"{GEMINI}{VERSION} (?:text input|input text) caching(?: \(long\))?", direction="cached input", modality="text"),
    Family(r"(claude [a-z]+ [0-9.]+) (input|output) tokens", direction=2, modality="text"),
)


def sku_columns(text: ir.StringValue) -> dict[str, ir.StringValue]:
    """Columns `meter` ('unmapped' where no family fits), `model` and `tier` of a SKU's text.

    The model is in a catalog's spelling: 'Gemini 2.5 Flash' is gemini-2.5-flash, 'Claude Haiku 4.5' claude-haiku-4-5.
    """
    name = _captured(text, [(family, family.model) for family in FAMILIES])
    kinds = [(family, _word(text, family, family.direction) + " " + _word(text, family, family.modality)) for family in FAMILIES]
    kind = ibis.cases(*((_fits(text, family), words) for family, words in kinds), else_=ibis.null("string"))
    spelled = name.replace(" ", "-")
    return {
        "meter": kind.cases(*METERS.items(), else_=UNMAPPED),
        "model": ibis.ifelse(name.startswith("claude "), spelled.replace(".", "-"), spelled),
        "tier": _captured(text, [(family, family.tier) for family in FAMILIES if family.tier is not None]).nullif(""),
    }


def _fits(text: ir.StringValue, family: Family) -> ir.BooleanValue:
    return text.lower().re_search(f"^{family.pattern}$")


def _word(text: ir.StringValue, family: Family, place: int | str) -> ir.StringValue:
    return ibis.literal(place) if isinstance(place, str) else text.lower().re_extract(f"^{family.pattern}$", place)


def _captured(text: ir.StringValue, groups: list[tuple[Family, int]]) -> ir.StringValue:
    return ibis.cases(*((_fits(text, family), _word(text, family, group)) for family, group in groups), else_=ibis.null("string"))
