"""What `benchmarks.ingest` reads: LiteLLM payloads, Langfuse observations and rows of AWS's cost and usage report, made once.

Langfuse and AWS are the samples of the tests, their rows again and again with other ids, times and quantities.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.lines import prepare

SAMPLES = Path(__file__).parents[1] / "tests" / "sources" / "samples"
DAYS = 31


def litellm(folder: Path, lines: int) -> Path:
    """JSON lines, gzip, about 1 KB each before it."""
    return prepare(folder, lines=lines, days=DAYS, seed=1).path


def langfuse(folder: Path, lines: int) -> Path:
    """JSON lines, plain."""
    path = folder / f"langfuse-{lines}.jsonl"
    if path.exists():
        return path
    sample = (SAMPLES / "langfuse" / "input" / "2026-10-03T00-00-00-000Z.jsonl").read_text()
    known = [json.loads(line) for line in sample.splitlines()]
    known = [one for one in known if one.get("usage_details")]
    chance = random.Random(1)  # noqa: S311 - to be repeated, not to be secret
    with path.with_suffix(".part").open("w") as target:
        for number in range(lines):
            one = chance.choice(known)
            usage = {name: chance.randrange(1, 5000) for name in one["usage_details"] if name != "total"}
            started = f"2026-10-{chance.randrange(1, DAYS + 1):02} {chance.randrange(24):02}:{chance.randrange(60):02}:07.250000"
            changed = {"id": f"{number:032x}", "trace_id": f"{number // 3:032x}", "start_time": started, "end_time": started}
            target.write(json.dumps(one | changed | {"usage_details": usage | {"total": sum(usage.values())}}) + "\n")
    path.with_suffix(".part").replace(path)
    return path


def aws_cur(folder: Path, lines: int) -> Path:
    """Parquet, snappy."""
    path = folder / f"aws-cur-{lines}.parquet"
    if path.exists():
        return path
    sample = pq.read_table(SAMPLES / "aws_cur" / "input" / "cur2-genai-00001.snappy.parquet")
    times = -(-lines // sample.num_rows)
    rows = pa.concat_tables([sample] * times).slice(0, lines)
    ids = pa.array([f"{number:052x}" for number in range(lines)], sample.schema.field("identity_line_item_id").type)
    rows = rows.set_column(rows.schema.get_field_index("identity_line_item_id"), "identity_line_item_id", ids)
    pq.write_table(rows, path.with_suffix(".part"), compression="snappy")
    path.with_suffix(".part").replace(path)
    return path


INPUTS: dict[str, Callable[[Path, int], Path]] = {"litellm": litellm, "langfuse": langfuse, "aws_cur": aws_cur}
