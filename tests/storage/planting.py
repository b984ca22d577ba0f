"""Sample files with canaries in them: in all that a source does not read, in all that it does, and in lines that do not read."""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from usage_pipeline.tables.source import Source

MARK = "zebrafinch"
PROMPT = "Zebrafinch7 wrote this prompt, and it is nobody's business"
ADDRESS = "zebrafinch.person@secret-mail.example"
RAW_KEY = "sk-ant-api03-" + "ZebrafinchKey" * 3
FREE: Mapping[str, Any] = {
    "messages": [{"role": "user", "content": PROMPT}],
    "prompt_text": PROMPT,
    "response": {"choices": [{"message": {"content": PROMPT}}]},
    "request_body": {"input": PROMPT},
    "user_email": ADDRESS,
    "authorization": f"Bearer {RAW_KEY}",
}
"""What requests and answers are full of."""

FIXED = re.compile(
    r"(id|time|timestamp|date|start|end|at|status|currency|type|kind|object|unit|state|code|category|class|format|version|meters?|meter|"
    r"amount|cost|period|from|to|month|day|uom|measure|method|value|level|name)$",
    re.IGNORECASE,
)
"""Names of fields that a line needs as they are, or it is rejected."""

NAMES = re.compile(
    r"(user|key|alias|owner|email|principal|arn|tag|label|project|team|feature|client|customer|session|trace|identity)", re.IGNORECASE
)
"""Names of fields that people fill."""

WRAPPERS = ("bucket.", "result.", "span.", "resource.", "attributes.")


class Plant:
    """A canary wherever the source does not look; where it does, an address and a raw key by turns: in names alone, or in everything."""

    def __init__(self, source: Source, *, everything: bool) -> None:
        self._allowed = [_stripped(path if isinstance(path, str) else ".".join(path)) for path in source.fields.values()]
        self._everything = everything
        self._turn = count()

    def is_read(self, path: str) -> bool:
        return any(f".{one}." in f".{path.casefold()}." for one in self._allowed)

    def __call__(self, path: str, text: str) -> str:
        """The text to write at the dotted path in place of the one there."""
        if not self.is_read(path):
            return PROMPT if not _is_structural(path) else text
        last = path.rsplit(".", 1)[-1]
        if self._everything or (NAMES.search(path) and not (FIXED.search(last) and not NAMES.search(last))):
            return (ADDRESS, RAW_KEY, f"Ana <{ADDRESS.upper()}>")[next(self._turn) % 3]
        return text


def _stripped(path: str) -> str:
    path = path.casefold()
    while any(path.startswith(one) for one in WRAPPERS):
        path = path.split(".", 1)[1]
    return path


def _is_structural(path: str) -> bool:
    """What says how the document is built; its reader looks at it."""
    return path.rsplit(".", 1)[-1] in {"object", "key", "next_page", "has_more"}


def planted(path: Path, source: Source, *, everything: bool) -> bytes:
    """The file's content with canaries, in the form that it had."""
    content = path.read_bytes()
    plant = Plant(source, everything=everything)
    if content.startswith(b"PAR1"):
        return _parquet(content, plant)
    if content.startswith(b"\x1f\x8b"):
        return gzip.compress(_text(gzip.decompress(content), source, plant))
    return _text(content, source, plant)


def _text(content: bytes, source: Source, plant: Plant) -> bytes:
    text = content.decode("utf-8-sig", "replace")
    if not text.lstrip().startswith(("{", "[")):
        return _csv(text, source, plant)
    try:
        return json.dumps(_walked(json.loads(text), "", plant)).encode()
    except ValueError:
        lines = [_line(line, plant) for line in text.splitlines()]
        return "\n".join([*lines, '{"torn": "' + PROMPT, json.dumps([ADDRESS, RAW_KEY])]).encode()


def _line(line: str, plant: Plant) -> str:
    try:
        return json.dumps(_walked(json.loads(line), "", plant))
    except ValueError:
        return line + PROMPT


def _walked(value: Any, path: str, plant: Plant) -> Any:
    if isinstance(value, dict):
        named = value.get("key") if set(value) == {"key", "value"} else None
        inside = {
            key: _walked(one, f"{path}.{named}" if named and key == "value" else f"{path}.{key}".lstrip("."), plant)
            for key, one in value.items()
        }
        if named or path.endswith("Value"):
            return inside
        free = {key: one for key, one in FREE.items() if not (isinstance(one, str) and plant.is_read(path))}  # a label's text is kept
        return free | inside | {"nested": {"content": PROMPT}}
    if isinstance(value, list):
        return [_walked(one, path, plant) for one in value]
    if isinstance(value, str):
        return _nested_text(value, path, plant)
    return value


def _nested_text(text: str, path: str, plant: Plant) -> str:
    """A text may hold JSON, which is planted in its turn."""
    if text.startswith(("{", "[")):
        try:
            return json.dumps(_walked(json.loads(text), path, plant))
        except ValueError:
            return text + PROMPT
    return plant(path, text)


def _csv(text: str, source: Source, plant: Plant) -> bytes:
    rows = list(csv.reader(io.StringIO(text)))
    names = {(path if isinstance(path, str) else path[0]).casefold() for path in source.fields.values()}
    heights = [sum(cell.strip().casefold() in names for cell in row) for row in rows]
    top = heights.index(max(heights))
    header = rows[top]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(rows[:top])
    writer.writerow([*header, *FREE])
    for row in rows[top + 1 :]:
        cells = [_nested_text(cell, name, plant) if cell else cell for name, cell in zip(header, row, strict=False)]
        writer.writerow([*cells, *row[len(header) :], *(PROMPT for _ in FREE)] if len(row) >= len(header) else [*row, PROMPT])
    writer.writerow([PROMPT, ADDRESS, RAW_KEY])
    return out.getvalue().encode()


def _parquet(content: bytes, plant: Plant) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    columns = {
        field.name: pa.array([_cell(one, field.name, plant) for one in table[field.name].to_pylist()], field.type) for field in table.schema
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns | {"prompt_text": [PROMPT] * len(table), "user_email": [ADDRESS] * len(table)}), out)
    return out.getvalue()


def _cell(value: Any, path: str, plant: Plant) -> Any:
    if isinstance(value, str):
        return _nested_text(value, path, plant)
    if isinstance(value, dict):
        return {key: _cell(one, f"{path}.{key}", plant) for key, one in value.items()}
    if isinstance(value, list):
        return [(one[0], _cell(one[1], f"{path}.{one[0]}", plant)) if isinstance(one, tuple) else _cell(one, path, plant) for one in value]
    return value


def texts_of(file: Path) -> Iterator[str]:
    """A file's bytes as text, and what is in it where it is packed."""
    content = file.read_bytes()
    yield content.decode("latin-1")
    if content.startswith(b"PAR1"):
        yield repr(pq.read_table(file).to_pylist())
    elif content.startswith(b"ARROW1"):
        yield repr(pa.ipc.open_file(content).read_all().to_pylist())
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content).decode("latin-1")
