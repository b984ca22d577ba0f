"""`deliveries:` of usage.yaml as values: which report goes to whom, in which formats, when; and the reports that can be delivered."""

from dataclasses import dataclass
from datetime import time

from usage_pipeline.tables.spans import DAY, MONTH, WEEK

ORGANISATION, ALL_PROJECTS, PROJECTS = "organisation", "all_projects", "projects/"
OWNERS, FINANCE = "owners", "finance"
PDF, CSV, XLSX, JSON, FOCUS = "pdf", "csv", "xlsx", "json", "focus"
FORMATS = (PDF, CSV, XLSX, JSON, FOCUS)

BUSINESS_DAY, MONTH_DAY, AFTER_CLOSE, ON_CLOSE, WEEKDAY, DAILY = "business day", "day", "after close", "on close", "weekday", "daily"
OF_THE_CLOSE = (AFTER_CLOSE, ON_CLOSE)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MORNING = time(7)
ATTACH_UP_TO_MB = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredReport:
    """A report that can be delivered: the `kind` of span that it is of, the files that it has in `reports/<period>/<scope>/` by format.

    `summary` is the file that holds its figures. `command` writes it, '{period}' standing for the span's name, with `option` for one
    project. `is_stated`: the ledger of statements knows its files and its revisions.
    """

    name: str
    label: str
    kind: str
    summary: str
    files: tuple[tuple[str, tuple[str, ...]], ...]
    command: str
    option: str = ""
    of_projects: bool = False
    is_stated: bool = False

    @property
    def formats(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.files)

    def names(self, formats: tuple[str, ...]) -> list[str]:
        """The files of `formats`, in their order."""
        known = dict(self.files)
        return [name for one in formats for name in known[one]]

    @property
    def all_names(self) -> list[str]:
        return [name for _, names in self.files for name in names]


def _files(stem: str, *formats: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((one, (f"{stem}.{one}",)) for one in formats)


REPORTS: dict[str, DeliveredReport] = {
    one.name: one
    for one in (
        DeliveredReport(
            name="statement",
            label="Statement",
            kind=MONTH,
            summary="statement.json",
            files=(*_files("statement", PDF, CSV, XLSX, JSON), (FOCUS, ("focus-1.4.csv", "focus-1.4-estimated.csv"))),
            command="usage-pipeline run --from {first} --to {last}",
            of_projects=True,
            is_stated=True,
        ),
        DeliveredReport(
            name="digest_day",
            label="Digest",
            kind=DAY,
            summary="digest.json",
            files=_files("digest", PDF, CSV, JSON),
            command="usage-pipeline digest --day {period}",
        ),
        DeliveredReport(
            name="digest_week",
            label="Digest",
            kind=WEEK,
            summary="digest.json",
            files=_files("digest", PDF, CSV, JSON),
            command="usage-pipeline digest --week {period}",
        ),
        DeliveredReport(
            name="one_pager",
            label="Summary",
            kind=MONTH,
            summary="onepager.json",
            files=_files("onepager", PDF, CSV, JSON),
            command="usage-pipeline digest --month {period}",
        ),
        DeliveredReport(
            name="usage",
            label="Usage report",
            kind=MONTH,
            summary="usage.json",
            files=_files("usage", PDF, CSV, XLSX, JSON),
            command="usage-pipeline report usage --month {period}",
            option="--project {project}",
            of_projects=True,
        ),
        DeliveredReport(
            name="comparison",
            label="Comparison of projects",
            kind=MONTH,
            summary="comparison.json",
            files=_files("comparison", PDF, CSV, XLSX, JSON),
            command="usage-pipeline report comparison --month {period}",
        ),
    )
}
"""One entry a report: what can be delivered is what stands here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """`kind` is one of the six above; `number` the N of a business day, a day or days after the close, or the weekday from 0."""

    kind: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRule:
    """One entry of `deliveries:`. `to` are addresses, or OWNERS or FINANCE alone; none: only uploaded, to the `s3` folder.

    `scope` is 'organisation', 'all_projects' or 'projects/<id>'. `at` None (with ON_CLOSE alone): at once. `attach_bytes`: more than that
    is not attached but linked, below `link` where it is set.
    """

    name: str
    report: str
    scope: str
    formats: tuple[str, ...]
    when: When
    words: str
    at: time | None = MORNING
    time_zone: str = "UTC"
    to: tuple[str, ...] = ()
    s3: str | None = None
    link: str | None = None
    attach_bytes: int = ATTACH_UP_TO_MB * 1_000_000
    only_closed: bool = False
    line: int | None = None

    @property
    def of(self) -> DeliveredReport:
        return REPORTS[self.report]
