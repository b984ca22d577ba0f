"""`python -m benchmarks.statements --projects 60`: project statements, all formats, in one process and in two.

Each statement: PDF/A-3a of two pages with its CSV inside, CSV, XLSX, JSON. Invented costs, the same for the same arguments. Every file is
written; peak memory is that of the main process and of the largest worker.
"""

import argparse
import io
import json
import resource
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pypdf import PdfReader

from benchmarks.measure import BYTES_PER_MAXRSS, run_child
from usage_pipeline.periods import month_of
from usage_pipeline.reports.pool import render_each
from usage_pipeline.reports.render import PDF
from usage_pipeline.reports.snapshot import Snapshot, statement_of
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, DailyCost

TEMPLATES = Path(__file__).resolve().parents[1] / "reports_templates"
OCTOBER = month_of(date(2026, 10, 1))
MODELS = (("claude-opus-4-5", "anthropic"), ("gpt-5.1", "openai"), ("gemini-2.5-pro", "google"))
METERS = ("input", "cache_read", "output", "requests")
USERS = 8
SHARES = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says of itself."""

    statements: int
    pages: int
    main_peak_mb: float
    worker_peak_mb: float


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements", description=__doc__)
    parser.add_argument("--projects", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2, help="processes of the second run")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/usage-benchmarks"), help="where statements are written")  # noqa: S108
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    folder = options.folder / f"statements-{options.projects}"
    if options.child:
        _run(options.projects, options.child, folder)
        return
    shared = ["-m", "benchmarks.statements", "--projects", str(options.projects), "--folder", str(options.folder), "--child"]
    costs, told = {}, {}
    for workers in (1, options.workers):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        costs[workers] = run_child([*shared, str(workers)])
        told[workers] = Told(**json.loads((folder / "told.json").read_text(encoding="utf-8")))
    print("| processes | statements | pages | CPU s | wall s | pages/s | CPU s a statement | main peak MB | largest worker MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for workers, cost in costs.items():
        one = told[workers]
        print(
            f"| {workers} | {one.statements:,} | {one.pages:,} | {cost.cpu_seconds:.1f} | {cost.wall_seconds:.1f}"
            f" | {one.pages / cost.wall_seconds:.2f} | {cost.cpu_seconds / one.statements:.2f} | {one.main_peak_mb:,.0f}"
            f" | {one.worker_peak_mb:,.0f} |"
        )
    print(f"\n{options.workers} processes against one: {costs[1].wall_seconds / costs[options.workers].wall_seconds:.2f} times as fast")


def _run(projects: int, workers: int, folder: Path) -> None:
    pages = count = 0
    for one in render_each(_Snapshots(projects), TEMPLATES, workers=workers):
        place = folder / one.snapshot.scope
        place.mkdir(parents=True, exist_ok=True)
        for name, content in one.files.items():
            (place / name).write_bytes(content)
        pages += len(PdfReader(io.BytesIO(one.files[PDF])).pages)
        count += 1
    peaks = [resource.getrusage(who).ru_maxrss * BYTES_PER_MAXRSS / 1e6 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = Told(statements=count, pages=pages, main_peak_mb=peaks[0], worker_peak_mb=peaks[1] if workers > 1 else 0)
    (folder / "told.json").write_text(json.dumps(asdict(told)), encoding="utf-8")


class _Snapshots(Sequence[Snapshot]):
    """Each made when it is asked for, as a caller with a database does."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, place: int) -> Snapshot:  # type: ignore[override]
        if place >= self.size:
            raise IndexError(place)
        project = Project(id=f"project-{place:04}", name=f"Project {place:,}", team="platform", cost_center=f"CC-{place:04}")
        return statement_of(
            OCTOBER,
            project.id,
            daily=list(_rows(project.id, place)),
            previous=Decimal(100),
            statuses=(),
            projects=(project,),
            organisation=Organisation(name="Meridian Labs"),
            inputs=(("landing/bill.json", "0" * 64),),
            price_book="invented",
        )


def _rows(project: str, place: int) -> Iterator[DailyCost]:
    for number, day in enumerate(OCTOBER.days()):
        for model_number, (model, provider) in enumerate(MODELS):
            for meter in METERS:
                cost = SHARES * ((place * 7919 + number * 104_729 + model_number * 1299) % 99_991 + 1)
                yield DailyCost(
                    day=day, project=project, team="platform", user=f"u-{(number + model_number) % USERS}", channel=provider,
                    provider=provider, model=model, api_type="text", operation="chat", status="success", meter=meter,
                    quantity=Decimal(number * 1000 + place), requests=number if meter == "requests" else 0,
                    list_cost=cost, estimated_cost=cost, billed_cost=cost if number < 10 else None, cost=cost,  # noqa: PLR2004
                    basis=BILLED if number < 10 else LOG_ESTIMATED, unpriced_quantity=Decimal(0), unpriced_events=0,  # noqa: PLR2004
                    unpriced_reason=None,
                )  # fmt: skip


if __name__ == "__main__":
    main()
