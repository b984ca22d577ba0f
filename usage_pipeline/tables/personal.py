"""What a person or a secret is told by, and what stands in its place. In: a text column. Out: the text that may be kept.

An e-mail address becomes 'person-' and a raw API key 'key-', each with the first 16 digits of a keyed hash, so that sums by person and
by key stay possible and nobody can try addresses against them. The key is a variable of the engine (USAGE_HASH_KEY, see
storage/engine.py); without one the text is null. Another key makes other names: it is chosen once.
"""

import hashlib
import re

import ibis
import ibis.expr.types as ir

HASH_KEY = "usage_hash_key"
"""The engine's variable that holds the key; unset is null, and so is every hash then."""

ID_KEY = "usage_id_key"
"""The engine's variable that holds the key of ids and scopes, which a home keeps for good (storage/id_hashes.py); unset, they are hashed
plainly."""

HASH_DIGITS = 16

_AT = r"(?:@|%40)"
_PART = r"[^\s@<>()\[\]{}\"'`,;:/|\\=%&]"
ADDRESS = rf"{_PART}+{_AT}{_PART}*[^\s@<>()\[\]{{}}\"'`,;:/|\\=%&.]\.[\pL\pN-]+"
"""An e-mail address anywhere in a text, also '%40' for its '@'."""

_KEYS = (
    r"[sr]k-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic, OpenRouter, DeepSeek, LiteLLM, Langfuse, Helicone
    r"(?:AKIA|ASIA)[A-Z0-9]{12,}",
    r"AIza[A-Za-z0-9_-]{16,}",
    r"ya29\.[A-Za-z0-9_-]{16,}",
    r"(?:gsk|gh[opsru]|github_pat|hf|r8)_[A-Za-z0-9_]{16,}",
    r"(?:xai|pplx|glpat|xox[abprs])-[A-Za-z0-9_-]{10,}",
    r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}[A-Za-z0-9._-]*",  # a signed token
    r"[Bb]earer\s+[A-Za-z0-9._~+/=-]{8,}",
)
RAW_KEY = rf"(?:^|[^A-Za-z0-9])({'|'.join(_KEYS)})"
"""A raw API key or token anywhere in a text."""

SHORT_KEY = r"^[sr]k-[A-Za-z0-9_-]{4,}$"
"""A text that is nothing but a key, however short."""


_ADDRESS_HERE = re.compile(ADDRESS.replace(r"\pL\pN", r"\w"))
_KEY_HERE = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_KEYS)})")
"""The same for single texts outside the engine."""


def without_names(text: str, key: str | None) -> str:
    """A file's uri with every raw key and address in it as 'key-' or 'person-' and a hash, so that it tells files apart as before.

    The hash is keyed as in `keyed_hash`, and that of the text alone without a key.
    """

    def hashed(prefix: str, found: re.Match[str]) -> str:
        inner = hashlib.sha256(f"{key or ''}\x1f{found[0].replace('%40', '@').lower()}".encode()).hexdigest()
        return prefix + hashlib.sha256(f"{key or ''}\x1f{inner}".encode()).hexdigest()[:HASH_DIGITS]

    without_keys = _KEY_HERE.sub(lambda found: hashed("key-", found), text)
    return _ADDRESS_HERE.sub(lambda found: hashed("person-", found), without_keys) if "@" in text or "%40" in text else without_keys


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def getvariable(variable: str) -> str:  # type: ignore[empty-body]
    """The engine's variable of that name; null where it is not set."""


def pseudonym(text: ir.StringValue, variable: str = HASH_KEY) -> ir.StringValue:
    """A user's, key's or caller's name: what holds an '@' or is a raw key becomes its keyed hash as a whole, all else stays as it is.

    An address counts in lower case and without what stands around it, so that one person stays one. In an id or a scope `variable` is
    ID_KEY.
    """
    plain = text.replace("%40", "@")
    address = plain.re_extract(f"({ADDRESS})", 1).nullif("")
    person = keyed_hash("person-", ibis.coalesce(address, plain).lower(), variable)
    raw = ibis.coalesce(text.re_extract(RAW_KEY, 1).nullif(""), text).re_replace(r"^[Bb]earer\s+", "")
    return ibis.cases((holds_key(text), keyed_hash("key-", raw, variable)), (text.contains("@") | text.contains("%40"), person), else_=text)


def holds_address(text: ir.StringValue) -> ir.BooleanValue:
    """Whether an e-mail address is in the text."""
    no: ir.BooleanValue = ibis.literal(value=False)
    return ibis.ifelse(text.contains("@") | text.contains("%40"), text.re_search(ADDRESS), no)  # a case: the costly look only where need be


def holds_key(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a raw API key is in the text, or is the text."""
    return text.re_search(rf"{RAW_KEY}|{SHORT_KEY}")


def masked(text: ir.StringValue) -> ir.StringValue:
    """The text with every address and every raw key in it blotted out: for texts of many parts, such as tags and rejected lines."""
    without_keys = text.re_replace(rf"(^|[^A-Za-z0-9])(?:{'|'.join(_KEYS)})", r"\1(key)").re_replace(
        r'"[sr]k-[A-Za-z0-9_-]{4,}"', '"(key)"'
    )
    return without_keys.re_replace(ADDRESS, "(address)")


def keyed_hash(prefix: str, text: ir.StringValue, variable: str = HASH_KEY) -> ir.StringValue:
    """`prefix` and the start of sha256(key, sha256(key, text)); null without a key."""
    key = getvariable(variable).cast("string")
    inner = (key + ibis.literal("\x1f") + text).hexdigest("sha256")
    return ibis.literal(prefix) + (key + ibis.literal("\x1f") + inner).hexdigest("sha256").left(HASH_DIGITS)
