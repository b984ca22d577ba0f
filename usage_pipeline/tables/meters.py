"""Meters: the smallest things with a price. Disjoint: cached tokens are not inside `input`, audio is not inside `output`.

Names follow genai-prices' units without `_tokens`. There a unit includes its parts; the translation happens once, in `prices/`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter: what people call it, the unit its quantity counts, and the genai-prices usage key it belongs to.

    `tokens` says whether it counts towards a token total; `label` is for people.
    """

    name: str
    label: str
    unit: str
    library_key: str | None
    tokens: bool = True


METERS: tuple[Meter, ...] = (
    Meter("input", "Input", "Tokens", "input_tokens"),
    Meter("cache_read", "Cached input", "Tokens", "cache_read_tokens"),
    Meter("cache_write", "Cache write, 5 min", "Tokens", "cache_write_tokens"),
    Meter("cache_write_1h", "Cache write, 1 h", "Tokens", "cache_write_1h_tokens"),
    Meter("output", "Output", "Tokens", "output_tokens"),
    Meter("input_audio", "Audio input", "Tokens", "input_audio_tokens"),
    Meter("cache_audio_read", "Cached audio input", "Tokens", "cache_audio_read_tokens"),
    Meter("output_audio", "Audio output", "Tokens", "output_audio_tokens"),
    Meter("input_image", "Image input", "Tokens", "input_image_tokens"),
    Meter("cache_image_read", "Cached image input", "Tokens", "cache_image_read_tokens"),
    Meter("output_image", "Image output", "Tokens", "output_image_tokens"),
    Meter("input_video", "Video input", "Tokens", "input_video_tokens"),
    Meter("output_video", "Video output", "Tokens", "output_video_tokens"),
    Meter("output_citation", "Citations", "Tokens", "output_citation_tokens"),
    Meter("images", "Images", "Images", None, tokens=False),
    Meter("audio_seconds", "Audio", "Seconds", "audio_seconds", tokens=False),
    Meter("characters", "Characters", "Characters", "input_characters", tokens=False),
    Meter("messages", "Messages", "Messages", "input_text_messages", tokens=False),
    Meter("document_pages", "Document pages", "Pages", "input_document_pages", tokens=False),
    Meter("annotated_document_pages", "Annotated pages", "Pages", "input_annotated_document_pages", tokens=False),
    Meter("web_searches", "Web searches", "Searches", "web_searches", tokens=False),
    Meter("file_searches", "File searches", "Searches", "storage_searches", tokens=False),
    Meter("code_sessions", "Code sessions", "Sessions", "code_executions", tokens=False),
)
METER_NAMES: tuple[str, ...] = tuple(meter.name for meter in METERS)
TOKEN_METERS: tuple[str, ...] = tuple(meter.name for meter in METERS if meter.tokens)

REQUESTS = "requests"
"""The meter every event has `request_count` of: it carries per-request fees, and in daily rows the number of requests."""

UNMAPPED = "unmapped"
"""The meter of a bill line whose text names no meter that we know: its money counts, its text is kept and shown."""

LABELS: dict[str, str] = {meter.name: meter.label for meter in METERS} | {REQUESTS: "Requests", UNMAPPED: "Other charges"}
