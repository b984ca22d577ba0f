"""Many statements at once: data files here, PDFs in worker processes, unchanged PDFs not at all.

Processes, because layout holds Python's lock; spawned, because forking a process that has threads (Dagster's) is not safe.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Self

from usage_pipeline.periods import start_of
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.csv_more import more_csv_of
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.formats.pdf import pdf_key, pdf_of
from usage_pipeline.reports.formats.xlsx import xlsx_of
from usage_pipeline.reports.render import CSV, JSON, PDF, XLSX, focus_of
from usage_pipeline.reports.snapshot import Snapshot

STATEMENTS_A_WORKER = 250
"""A worker is replaced after so many: layout keeps some memory."""
MADE_HERE = 3
"""So many PDFs are made in this process first: of many statements all but a few may be known."""
WORTH_A_POOL = 8
"""With fewer statements to come the others are made here too: starting two workers takes as long as making five PDFs."""
AHEAD = 16
"""Statements that may wait in memory for their PDF."""


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
    return list(render_each(snapshots, templates, known=known, workers=workers, progress=progress))


def render_each(
    snapshots: Sequence[Snapshot],
    templates: Path,
    *,
    known: Mapping[tuple[str, str], str] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> Iterator[Rendered]:
    """The same one by one, for a caller that writes them down: no more than a few statements are in memory at a time."""
    have, done = known or {}, 0
    waiting: deque[tuple[Rendered, Callable[[], bytes] | None]] = deque()
    with _Layout(templates, workers) as layout:
        for place, snapshot in enumerate(snapshots, 1):
            draft, page = _draft(snapshot, templates)
            is_known = have.get((snapshot.period, snapshot.scope)) == draft.pdf_key
            waiting.append((draft, None if is_known else layout.start(page, draft, len(snapshots) - place + 1)))
            while waiting and (len(waiting) > AHEAD or place == len(snapshots)):
                yield _finished(*waiting.popleft())
                done += 1
                if progress:
                    progress(done, len(snapshots))


def _finished(draft: Rendered, pdf: Callable[[], bytes] | None) -> Rendered:
    return draft if pdf is None else replace(draft, files={**draft.files, PDF: pdf()})


def _draft(snapshot: Snapshot, templates: Path) -> tuple[Rendered, str]:
    """The data files, and the page that the PDF is made of."""
    lines, page = csv_of(snapshot), html_of(snapshot, templates)
    files = {JSON: json_of(snapshot), CSV: lines, XLSX: xlsx_of(snapshot), **more_csv_of(snapshot), **focus_of(snapshot)}
    return Rendered(snapshot=snapshot, files=files, pdf_key=pdf_key(page, lines, templates)), page


class _Layout:
    """Where PDFs are made: in this process until there are enough of them to be worth others."""

    def __init__(self, templates: Path, workers: int) -> None:
        self.templates, self.workers, self.started = templates, workers, 0
        self.pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def start(self, page: str, draft: Rendered, left: int) -> Callable[[], bytes]:
        """What gives the PDF; a worker may make it meanwhile. `left` statements, with this one, are to come."""
        looks = draft.snapshot.looks
        job = partial(pdf_of, page, draft.files[CSV], _moment(draft.snapshot), self.templates, CSV, looks.logo)
        self.started += 1
        if self.pool is None:
            if self.workers < 2 or self.started <= MADE_HERE or left < WORTH_A_POOL:  # noqa: PLR2004
                return job
            self.pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), max_tasks_per_child=STATEMENTS_A_WORKER)
        return self.pool.submit(job).result


def _moment(snapshot: Snapshot) -> datetime:
    return start_of(snapshot.data_through or snapshot.month.start)
