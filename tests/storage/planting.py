"""Sample files with canaries in them: in all that a source does not read, in all that it does, and in lines that do not read.

A file is planted in four ways, each of which finds its own way in:
- names: an address or a raw key in every field that people fill;
- everything: the same in every text, so that most lines are rejected;
- texts: whole sentences in all that is free text, in metadata under any key and under such as hold prompts, and in the model's name;
- misplaced: sentences in every text, the times and the ids too, so that most lines are rejected.
"""

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
from usage_pipeline.tables.usage_events import usage_events

MARK = "zebrafinch"
PROMPT = "Zebrafinch7 wrote this prompt, and it is nobody's business"
ADDRESS = "zebrafinch.person@secret-mail.example"
RAW_KEY = "sk-ant-api03-" + "ZebrafinchKey" * 3
LONG = "Zebrafinch asks at length, and more than a label holds: " + "zebrafinch, and again, " * 12
LINES = "zebrafinch\nin two lines"
LONG_KEY = "zebrafinch as a key " * 8
METADATA: Mapping[str, Any] = {
    "note": LONG,
    "remark": LINES,
    LONG_KEY: "a",
    "prompt": PROMPT,
    "user_prompt": PROMPT,
    "inputText": PROMPT,
    "gen_ai.completion.0.content": PROMPT,
    "Question": PROMPT,
    "system": PROMPT,
}
"""What applications write into tags and metadata."""

WAYS = ("names", "everything", "texts", "misplaced")
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

KEY_NAME = re.compile(r"key[\w .]*(name|alias)$", re.IGNORECASE)
"""Names of keys, which administrators give: a sentence of theirs is a name, and stays."""

WRAPPERS = ("bucket.", "result.", "span.", "resource.", "attributes.")


OWN_ID = re.compile(r"(^|[._])(id|call_id|request_id|requestid|uuid|generation_id|custom_id)$", re.IGNORECASE)
"""Names of ids of records: they are others in each way, or the lines would be taken for repeats."""

NUMBER = re.compile(r"[-+$\d][\d.,:/ TZ+-]*( ?UTC)?$")
OF_BILLS = re.compile(r"(model|region|location|resource|sku|^line_item$)", re.IGNORECASE)


class Plant:
    """A canary wherever the source does not look; where it does, what the way says."""

    def __init__(self, source: Source, way: str) -> None:
        self._allowed = [_stripped(path if isinstance(path, str) else ".".join(path)) for path in source.fields.values()]
        self.way = way
        self.talks = way in ("texts", "misplaced")
        self.accepts = way in ("names", "texts")
        self._of_usage = source.table is usage_events
        self._turn = count()

    def is_read(self, path: str) -> bool:
        return any(f".{one}." in f".{path.casefold()}." for one in self._allowed)

    def __call__(self, path: str, text: str) -> str:
        """The text to write at the dotted path in place of the one there."""
        if not self.is_read(path):
            return PROMPT if not _is_structural(path) else text
        last = path.rsplit(".", 1)[-1]
        if self.talks and KEY_NAME.search(path):
            return text
        is_name = NAMES.search(path) and not (FIXED.search(last) and not NAMES.search(last))
        if self.way in ("everything", "misplaced") or is_name or (self.talks and self._is_free(last, text)):
            return self._canary(last)
        return f"{text}-{self.way}" if self.talks and OWN_ID.search(path) else text

    def _is_free(self, last: str, text: str) -> bool:
        """Whether a text that nobody calls a name may be any: of usage all but times and numbers, of a bill what it says of its lines."""
        return bool(
            not FIXED.search(last) and not NUMBER.match(text) if self._of_usage else OF_BILLS.search(last) and not FIXED.search(last)
        )

    def _canary(self, last: str) -> str:
        turn = next(self._turn)
        if not self.talks:
            return (ADDRESS, RAW_KEY, f"Ana <{ADDRESS.upper()}>")[turn % 3]
        if self._of_usage and (self.way == "misplaced" or "model" in last.casefold()):
            return (PROMPT, LINES, LONG)[turn % 3]
        return (LINES, LONG)[turn % 2]

    def metadata(self, path: str) -> Mapping[str, Any]:
        """What more stands in an object that the source reads whole."""
        return METADATA if self.talks and self.is_read(path) else {}


def _stripped(path: str) -> str:
    path = path.casefold()
    while any(path.startswith(one) for one in WRAPPERS):
        path = path.split(".", 1)[1]
    return path


def _is_structural(path: str) -> bool:
    """What says how the document is built; its reader looks at it."""
    return path.rsplit(".", 1)[-1] in {"object", "key", "next_page", "has_more"}


def planted(path: Path, source: Source, way: str) -> bytes:
    """The file's content with canaries, in the form that it had."""
    content = path.read_bytes()
    plant = Plant(source, way)
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
        if plant.accepts and any(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value.values()):
            return inside  # a usage object: with more in it the line is rejected, which is another way's business
        free = {key: one for key, one in FREE.items() if not (isinstance(one, str) and plant.is_read(path))}  # a label's text is kept
        return free | inside | {"nested": {"content": PROMPT}} | plant.metadata(path)
    if isinstance(value, list):
        labels = [{"key": key, "value": one} for key, one in plant.metadata(path).items()] if _has_labels(value) else []
        return [_walked(one, path, plant) for one in value] + labels
    if isinstance(value, str):
        return _nested_text(value, path, plant)
    return value


def _has_labels(value: list[Any]) -> bool:
    """Whether it is a list of {"key", "value"} of plain texts."""
    return any(isinstance(one, dict) and set(one) == {"key", "value"} and isinstance(one["value"], str) for one in value)


def _nested_text(text: str, path: str, plant: Plant) -> str:
    """A text may hold JSON, which is planted in its turn."""
    if text.startswith(("{", "[")):
        try:
            return json.dumps(_walked(json.loads(text), path, plant))
        except ValueError:
            return text + PROMPT
    if text.startswith('"') and plant.talks:
        return ",".join([text, *(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in METADATA.items())])
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
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        pairs = [(key, _cell(one, f"{path}.{key}", plant)) for key, one in value]
        more = plant.metadata(path) if all(isinstance(one, str) for _, one in value) else {}
        return [*pairs, *(pair for pair in more.items() if pair[0] not in dict(value))]
    if isinstance(value, list):
        return [_cell(one, path, plant) for one in value]
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
