"""Do a statement's FOCUS files sum to it? Reads them back, by the two columns that count, so that a rendering mistake cannot hide.

BilledCost is the statement's billed cost; the estimated file bills nothing, and its EffectiveCost is the rest of the cost.
"""

import io
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from usage_pipeline import money
from usage_pipeline.money import SCALE, ZERO
from usage_pipeline.reports.focus_columns import VERSIONS, columns_of
from usage_pipeline.reports.formats.focus import focus_name
from usage_pipeline.reports.snapshot import Snapshot

BILLED, EFFECTIVE = "BilledCost", "EffectiveCost"


def focus_differences(files: Mapping[str, bytes], snapshot: Snapshot) -> list[str]:
    """What the FOCUS files among `files` say otherwise than `snapshot`, in words; a file that is not there says nothing."""
    return [words for version in VERSIONS for words in _of_version(files, version, snapshot)]


def _of_version(files: Mapping[str, bytes], version: str, snapshot: Snapshot) -> Iterator[str]:
    names = (focus_name(version), focus_name(version, is_estimated=True))
    if any(name not in files for name in names):
        return
    billed, estimated = (sums_of(files[name]) for name in names)
    totals = snapshot.totals
    yield from _unequal(names[0], "billed cost", billed[BILLED], totals.billed_cost)
    yield from _unequal(names[1], "billed cost", estimated[BILLED], ZERO)
    yield from _unequal(names[1], "estimated cost", estimated[EFFECTIVE], totals.cost_estimated)
    for name in names:
        if files[name].split(b"\r\n", 1)[0].decode() != ",".join(columns_of(version)):
            yield f"{name}: its columns are not those of FOCUS {version}"


def sums_of(content: bytes) -> dict[str, Decimal]:
    """BilledCost and EffectiveCost of all rows, to the last digit."""
    kind = pa.decimal128(38, SCALE)
    rows = csv.read_csv(
        io.BytesIO(content),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(include_columns=[BILLED, EFFECTIVE], column_types={BILLED: kind, EFFECTIVE: kind}),
    )
    return {name: pc.sum(rows[name]).as_py() or ZERO for name in (BILLED, EFFECTIVE)}


def _unequal(name: str, what: str, found: Decimal, expected: Decimal) -> Iterator[str]:
    if found != expected:
        yield f"{name}: its {what} is {money.text(found)}, and the statement's {money.text(expected)}"
