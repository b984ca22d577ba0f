"""What may stand as a name or a label: short, on one line, and not under a key that by its own terms holds what was asked or answered.

In: text columns, JSON objects of texts (`tags`), lists of texts (`request_tags`). Out: the same with LEFT_OUT in place of what may not
stand, so that it still shows that something was there. Nothing is cut: half a prompt is a prompt.

The bounds are those that clouds set for tags: 50 keys, 128 characters a key, 256 a value.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/allocation-tag-restrictions.html
https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/tag-resources (50 tags, 256 characters a value)
"""

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.schema import TEXT_LIST

LEFT_OUT = "(left out)"
LONGEST_NAME = 256
LONGEST_KEY = 128
LONGEST_ID = 1024
MOST_KEYS = 50

IDS = frozenset({"resource_id", "principal", "sub_account_id", "billing_account"})
"""Columns of ids that clouds make long (an Azure resource, a role's ARN): up to LONGEST_ID where they have no blank and are plain ASCII."""

MANY_WORDS = frozenset({"sku", "unit", "region", "provider_project_name", "api_key_name"})
"""Columns in which bills speak for themselves, and names that an administrator gives, such as 'Key for the nightly batch job of the
search team'. In all others stand ids and names that a request says of itself: a sentence is none, however short."""

MOST_WORDS = 8

CONTENT_KEYS: Mapping[str, str] = {
    "prompt|prompts|completion|completions": "OpenLLMetry's gen_ai.prompt.N.content, LangChain, the older completion APIs",
    "input|inputs|output|outputs": "Langfuse, OpenInference (input.value), MLflow: the request's and the answer's body",
    "message|messages": "gen_ai.input.messages, gen_ai.output.messages, chat APIs",
    "instruction|instructions": "gen_ai.system_instructions, the Responses API",
    "content|contents|text|texts|body|payload": "the parts of messages and of HTTP bodies, Gemini's contents",
    "question|questions|query|queries|answer|answers": "what applications call their user's words and the reply",
    "response|responses|reply|replies": "an answer, unless only its length or state is told, which is a number or a yes",
    "transcript|transcripts|transcription|utterance": "speech as text",
    "arguments": "gen_ai.tool.call.arguments",
}
"""Words that a key may not end with, and whose they are: `user_prompt`, `inputText` and `gen_ai.prompt.0.content` end so, `prompt_id`,
`input_type`, `message_count` and `response_format` do not. Numbers and yes or no stay under any key."""

WHOLE_CONTENT_KEYS: Mapping[str, str] = {
    "system": "the system prompt of the Messages API; gen_ai.system names a provider, operating_system an OS",
}
"""Words that hold content only where they are the whole key."""

OTEL = "https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/"
"""Where the names that begin with gen_ai are from."""

_WORDS = "|".join(CONTENT_KEYS)
_AFTER = r"(?:[^a-z0-9\"]+(?:\d+|value|values|json|raw|string|list|full)?)*"
"""What may follow the telling word: a position in a list, or how the value is written."""

BREAK = r"[\p{Cc}\p{Zl}\p{Zp}]"
"""A line break or another control character."""

_BREAK_HERE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""The same, spelt for Python."""

OPENS = r"^\s*(?:\{\s*[\"}]|\[\s*[\[{\"])"
"""The begin of a JSON object or list: no name."""

_CONTENT_KEY = rf"(?:^|[^a-z0-9])(?:{_WORDS}){_AFTER}$|^(?:{'|'.join(WHOLE_CONTENT_KEYS)}){_AFTER}$"
_HUMP = r"([a-z0-9])([A-Z])"
_NUMBER = r"^(?:[-+]?[\d.,]{1,40}|true|false)$"
SENTENCE = rf"(?:\S+\s+){{{MOST_WORDS}}}\S"
"""More words than a name has."""

DOUBTFUL_TAGS = rf"(?i)(?:{_WORDS}|{'|'.join(WHOLE_CONTENT_KEYS)}){_AFTER}\"\s*:|\\|[:,\[]\s*[{{\[]|{BREAK}"
"""What makes a JSON object worth a closer look, whatever its length. Few that hold nothing odd match: a key such as 'context'."""

LONG_TAGS = rf"\"(?:[^\"\\]|\\.){{{LONGEST_NAME + 1}}}|\"(?:[^\"\\]|\\.){{{LONGEST_KEY + 1},}}\"\s*:"
"""The same, for those that are long enough to hold a text or a key that is too long."""


@ibis.udf.scalar.builtin(name="to_json", signature=(("string",), "json"))
def _quoted(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A text as a JSON string, quotes included."""


def is_name(text: ir.StringValue, column: str | None = None) -> ir.BooleanValue:
    """Whether the text may stand in a column of that name; None: as the value of a label."""
    is_short: ir.BooleanValue = text.length() <= LONGEST_NAME
    if column in IDS:
        is_short = is_short | ((text.length() <= LONGEST_ID) & text.re_search(r"^[!-~]+$"))
    if column is not None and column not in MANY_WORDS:
        is_short = is_short & ~text.re_search(SENTENCE)
    return is_short & ~text.re_search(rf"{BREAK}|{OPENS}")


def is_content(key: ir.StringValue) -> ir.BooleanValue:
    """Whether a key, in any case of letters, says of itself that it holds what was asked or answered."""
    return key.re_replace(_HUMP, r"\1_\2").lower().re_search(_CONTENT_KEY)


def bounded_tags(tags: ir.StringValue, allowed: Sequence[str] | None = None) -> ir.StringValue:
    """A JSON object of texts within the bounds. `allowed`: the only keys that stay, also such as say they hold content; None is all.

    Keys that are too long or too many are told as one LEFT_OUT: LEFT_OUT. What is no JSON object is told so as a whole.
    """
    doubtful = is_doubtful(tags)
    if allowed is not None:
        doubtful = doubtful | ~tags.re_search(_only(allowed))
    return ibis.ifelse(doubtful, _rebuilt(tags, allowed), tags)


def is_doubtful(tags: ir.StringValue) -> ir.BooleanValue:
    """Whether a JSON object of texts may hold what may not stand; cheap, and true of few."""
    many = tags.length() - tags.replace('":', "").length() > 2 * MOST_KEYS
    return tags.re_search(DOUBTFUL_TAGS) | ((tags.length() > LONGEST_KEY) & (tags.re_search(LONG_TAGS) | many))


def bounded_request_tags(tags: ir.ArrayValue, allowed: Sequence[str] | None = None) -> ir.ArrayValue:
    """Request tags within the bounds: texts, or 'key:value'. `allowed`: those of these keys stay, and texts that are one of them."""
    given = tags.cast(TEXT_LIST)
    if allowed is None:
        return given[:MOST_KEYS].map(_request_tag)
    keys = ibis.literal(list(allowed), TEXT_LIST)
    return (
        given.filter(lambda tag: keys.contains(_key_of(tag)))
        .filter(lambda tag: tag.notnull())[:MOST_KEYS]
        .map(lambda tag: ibis.ifelse(is_name(tag), tag, _key_of(tag) + ":" + LEFT_OUT))
    )


def names_content(key: str) -> bool:
    """`is_content` of a single key outside the engine."""
    return re.search(_CONTENT_KEY, re.sub(_HUMP, r"\1_\2", key).lower()) is not None


def may_stand(text: str, column: str | None = None) -> bool:
    """`is_name` of a single text outside the engine."""
    longest = LONGEST_ID if column in IDS and re.fullmatch(r"[!-~]+", text) else LONGEST_NAME
    is_sentence = column is not None and column not in MANY_WORDS and re.search(SENTENCE, text) is not None
    return len(text) <= longest and not is_sentence and re.search(rf"{_BREAK_HERE}|{OPENS}", text) is None


def _rebuilt(tags: ir.StringValue, allowed: Sequence[str] | None) -> ir.StringValue:
    entries = tags.try_cast("json").try_cast("map<string, string>")
    told = ibis.array([entries]).map(lambda known: _object(known, allowed))[0].nullif("{}")
    return ibis.cases((tags.isnull(), ibis.null("string")), (entries.isnull(), f'{{"{LEFT_OUT}": "{LEFT_OUT}"}}'), else_=told)


def _object(entries: ir.MapValue, allowed: Sequence[str] | None) -> ir.StringValue:
    keys = entries.keys()
    if allowed is not None:
        wanted = ibis.literal(list(allowed), TEXT_LIST)
        keys = keys.filter(lambda key: wanted.contains(key))  # noqa: PLW0108 - Ibis names what it hands over
    kept = keys.filter(_is_key)[:MOST_KEYS]
    pairs = kept.map(lambda key: _text(key) + ": " + _text(_value(key, entries.get(key), is_allowed=allowed is not None))).join(", ")
    missing = ibis.ifelse(kept.length() < keys.length(), f'"{LEFT_OUT}": "{LEFT_OUT}"', ibis.null("string"))
    return ibis.literal("{") + ibis.literal(", ").join([pairs.nullif(""), missing]) + "}"


def _is_key(key: ir.StringValue) -> ir.BooleanValue:
    return (key.length() <= LONGEST_KEY) & ~key.re_search(BREAK) & (key != LEFT_OUT)


def _value(key: ir.StringValue, value: ir.StringValue, *, is_allowed: bool) -> ir.StringValue:
    stays = is_name(value)
    if not is_allowed:
        stays = stays & (~is_content(key) | value.re_search(_NUMBER))
    return ibis.ifelse(stays, value, LEFT_OUT)


def _request_tag(tag: ir.StringValue) -> ir.StringValue:
    key = _key_of(tag)
    telling = (key != tag) & is_content(key) & ~tag.re_extract(r"^[^:]*:(.*)$", 1).re_search(_NUMBER)
    bare = (key == tag) & tag.re_search(SENTENCE)
    return ibis.cases((~is_name(tag) | bare, LEFT_OUT), (telling, key + ":" + LEFT_OUT), else_=tag)


def _key_of(tag: ir.StringValue) -> ir.StringValue:
    """'team' of 'team:a', and of 'team'."""
    return tag.re_extract(r"^([^:]*)", 1)


def _text(text: ir.StringValue) -> ir.StringValue:
    return _quoted(text).cast("string")


def _only(allowed: Sequence[str]) -> str:
    """A JSON object of plain texts under these keys alone."""
    keys = "|".join(_escaped(key) for key in allowed)
    return rf'^\{{(?:\s*"(?:{keys})"\s*:\s*"[^"\\]*"\s*,?)*\s*\}}$'


def _escaped(text: str) -> str:
    return "".join(one if one.isalnum() else f"\\x{{{ord(one):x}}}" for one in text)
