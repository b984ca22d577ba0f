"""Sample files made worse: every kind of source gets thousands of lines with odd values, missing and extra cells, and broken bytes.

A value is replaced in a parsed line (so that the line still reads), or a few bytes of it are (so that it may not). Lines stay lines: no
line break is put in, and none taken out.
"""

import copy
import csv
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from usage_pipeline.tables.source import Format, Source

ODD: tuple[Any, ...] = (
    None, "", " ", "x", "NULL", "None", "null", "nan", "Infinity", "-Infinity", True, False, 0, -1, 1, -0.0, 1e308, 10**30, 2**63, -(2**63),
    "0", "-1", "1.5", "1,234.5", "1e400", "-1e-400", "0E-6176", "9" * 40, "." * 5, "0x10", "١٢٣", "1_000", "+5", "1790931665.12",
    "2026-10-01", "2026-13-45", "2026-10-01T25:61:61Z", "0001-01-01", "9999-12-31T23:59:59Z", "10/01/2026", "2026-10-01 00:00:00 UTC",
    "99999999999999999999", "a@b.example", "'; DROP TABLE x; --", "=1+1", "\u0000", "\ud800", "\u202e", "🧮" * 50, "x" * 5000, [], {}, [[]],
    [None], {"": ""}, {"key": "a", "value": None}, [{"key": "a"}], {"a": {"b": {"c": {}}}}, "[]", "{}", "{", '{"a": 1', "[1,2", '"', "\\",
)  # fmt: skip
TEXTS: tuple[str, ...] = tuple(one for one in ODD if isinstance(one, str) and "\n" not in one and "\ud800" not in one)
TABLES = (".csv", ".csv.gz")
NESTED = {Format.BUCKET_PAGES, Format.SPANS}

Broken = tuple[str, bytes, int | None]
"""A file's name, its content, and its records, where their number is certain."""


def broken_files(source: Source, inputs: list[Path], lines: int, seed: int) -> Iterator[Broken]:
    """About `lines` broken lines, in a file for each sample file that can be taken apart; Parquet is left to the others."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    files = [path for path in inputs if not path.name.endswith(".parquet")]
    each = -(-lines // len(files))
    for path in files:
        content = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
        yield _broken(source, path.name.removesuffix(".gz"), content, each, chance)


def _broken(source: Source, name: str, content: bytes, count: int, chance: random.Random) -> Broken:
    if name.endswith(TABLES):
        return name, *_broken_table(content, source, count, chance)
    if source.format is Format.BUCKET_PAGES:
        return name, *_broken_page(content, count, chance)
    if source.listed and b'"' + source.listed.encode() + b'"' in content:
        return name, *_broken_list(content, source.listed, count, chance)
    return f"{name}l", *_broken_lines(content, count, chance, certain=source.format is not Format.SPANS)


def _broken_lines(content: bytes, count: int, chance: random.Random, *, certain: bool) -> tuple[bytes, int | None]:
    documents = _documents(content)
    made = [_one_line(_changed(chance.choice(documents), chance), chance) for _ in range(count)]
    return b"\n".join(made) + b"\n", len(made) if certain else None


def _one_line(document: Any, chance: random.Random) -> bytes:
    line = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return _with_broken_bytes(line, chance) if chance.random() < 0.3 else line


def _with_broken_bytes(line: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(line) + 1)
    end = min(len(line), start + chance.choice((0, 1, 5, 50)))
    new = bytes(chance.choice(b'\x00\x7f\xff\xc3"{}[],:\\ 0-') for _ in range(chance.choice((0, 1, 3))))
    return (line[:start] + new + line[end:]) or b"x"


def _broken_page(content: bytes, count: int, chance: random.Random) -> tuple[bytes, int | None]:
    page = json.loads(content)
    buckets = [one for one in page.get("data", []) if one.get("results")] if isinstance(page, dict) else []
    if not buckets:
        return content, None
    made = []
    for _ in range(count):
        bucket = copy.deepcopy(chance.choice(buckets))
        about = {name: value for name, value in bucket.items() if name != "results"}
        result = _changed(chance.choice(bucket["results"]), chance)
        result = result if isinstance(result, dict) else {"odd": result}  # else the whole page is no page, which is one line
        changed = _changed(about, chance) if chance.random() < 0.2 else about
        made.append((changed if isinstance(changed, dict) else about) | {"results": [result]})
    return json.dumps(page | {"data": made}).encode(), len(made)


def _broken_list(content: bytes, listed: str, count: int, chance: random.Random) -> tuple[bytes, int | None]:
    page = json.loads(content)
    inner = page[listed] if isinstance(page[listed], list) else [page[listed]]
    return json.dumps(page | {listed: [_changed(chance.choice(inner), chance) for _ in range(count)]}).encode(), count if inner else None


def _broken_table(content: bytes, source: Source, count: int, chance: random.Random) -> tuple[bytes, int | None]:
    rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if row]
    width = max(len(row) for row in rows)
    start = next(place for place, row in enumerate(rows) if len(row) == width)
    good = [row for row in rows[start + 1 :] if row]
    if not good:
        return content, None
    made = [_changed_row(chance.choice(good), chance) for _ in range(count)]
    target = io.StringIO()
    csv.writer(target, lineterminator=chance.choice(("\n", "\r\n"))).writerows([*rows[: start + 1], *made])
    certain = not source.bucket and all(any(row) for row in made)
    return target.getvalue().encode("utf-8", "replace"), len(made) if certain else None


def _changed_row(row: list[str], chance: random.Random) -> list[str]:
    changed = list(row)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        changed[chance.randrange(len(changed))] = chance.choice(TEXTS)
    if chance.random() < 0.05:
        changed = changed[: chance.randrange(1, len(changed) + 1)] if chance.random() < 0.5 else [*changed, "more"]
    return changed


def _documents(content: bytes) -> list[Any]:
    """The documents of a file: one a line, or the whole, or the elements of an array."""
    try:
        whole = json.loads(content)
    except ValueError:
        return [found for found in map(_parsed, content.splitlines()) if found is not None]
    return whole if isinstance(whole, list) else [whole]


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _changed(document: Any, chance: random.Random) -> Any:
    """The document with one to four of its values replaced, taken away, doubled under another name, or the whole replaced."""
    if not isinstance(document, dict) or chance.random() < 0.01:
        return odd(chance)
    changed = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        holder, key = chance.choice(list(_places(changed)) or [(changed, "x")])
        chance.choice(CHANGES)(holder, key, chance)
    return changed


def _replace(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = odd(chance)


def _remove(holder: Any, key: Any, _chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder.pop(key, None)
    else:
        holder[key] = None


def _add(holder: Any, key: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[f"{key}_{chance.choice(('more', 'tokens', 'Count'))}"] = odd(chance)
    else:
        holder.append(odd(chance))


def odd(chance: random.Random) -> Any:
    """A value of one's own: it may be changed further."""
    return copy.deepcopy(chance.choice(ODD))


CHANGES: tuple[Callable[[Any, Any, random.Random], None], ...] = (_replace, _replace, _replace, _remove, _add)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in a document."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)
