"""Many statements at once: data files here, PDFs in worker processes, unchanged PDFs not at all.

Processes, because layout holds Python's lock; spawned, because forking a process that has threads (Dagster's) is not safe.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from usage_pipeline.periods import start_of
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.formats.pdf import pdf_key, pdf_of
from usage_pipeline.reports.formats.xlsx import xlsx_of
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX, focus_of
from usage_pipeline.reports.snapshot import Snapshot

STATEMENTS_A_WORKER = 250
"""A worker is replaced after so many: layout keeps some memory."""
WORTH_A_POOL = 4
"""Fewer PDFs are made in this process: starting a worker costs as much as two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One statement's files. Without statement.pdf where `pdf_key` is the one the caller already has the PDF of."""

    snapshot: Snapshot
    files: Mapping[str, bytes]
    pdf_key: str


Progress = Callable[[int, int], None]
"""Called with (done, of) after each statement."""


def render_all(
    snapshots: Sequence[Snapshot],
    templates: Path,
    *,
    known: Mapping[tuple[str, str], str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> list[Rendered]:
    """Every snapshot rendered, in the order given. `known` is (period, scope) → `pdf_key` of the PDF the caller still has."""
    drafts = [_draft(snapshot, templates) for snapshot in snapshots]
    have = known or {}
    wanted = [place for place, (draft, _) in enumerate(drafts) if have.get((draft.snapshot.period, draft.snapshot.scope)) != draft.pdf_key]
    results = [draft for draft, _ in drafts]
    done = len(drafts) - len(wanted)
    if progress and done:
        progress(done, len(drafts))
    for place, pdf in _pdfs({place: (drafts[place][1], results[place]) for place in wanted}, templates, workers):
        results[place] = replace(results[place], files={**results[place].files, PDF: pdf})
        done += 1
        if progress:
            progress(done, len(drafts))
    return results


def _draft(snapshot: Snapshot, templates: Path) -> tuple[Rendered, str]:
    """The data files, and the page that the PDF is made of."""
    lines, page = csv_of(snapshot), html_of(snapshot, templates)
    files = {JSON: json_of(snapshot), CSV: lines, XLSX: xlsx_of(snapshot), **focus_of(snapshot)}
    return Rendered(snapshot=snapshot, files=files, pdf_key=pdf_key(page, lines, templates)), page


def _pdfs(wanted: Mapping[int, tuple[str, Rendered]], templates: Path, workers: int) -> Iterator[tuple[int, bytes]]:
    """(place, PDF) as they are ready."""
    jobs = {
        place: (page, draft.files[CSV], _moment(draft.snapshot), templates, CSV, draft.snapshot.looks.logo)
        for place, (page, draft) in wanted.items()
    }
    if workers < 2 or len(jobs) < WORTH_A_POOL:  # noqa: PLR2004
        yield from ((place, pdf_of(*job)) for place, job in jobs.items())
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=STATEMENTS_A_WORKER) as pool:
        longest_first = sorted(jobs, key=lambda place: -len(jobs[place][0]))
        running: dict[Future[bytes], int] = {pool.submit(pdf_of, *jobs[place]): place for place in longest_first}
        for ready in as_completed(running):
            yield running[ready], ready.result()


def _moment(snapshot: Snapshot) -> datetime:
    return start_of(snapshot.data_through or snapshot.month.start)
