"""A report's figures in, the words of the mail that brings it out. Pure; every name that stands in it is one short line."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.tables.budgets import LEVELS
from usage_pipeline.tables.delivery_figures import Enclosed, Figures
from usage_pipeline.tables.report_deliveries import SentFile
from usage_pipeline.tables.spans import DAY, MONTH, WEEK, Span

TIMES_FROM = 10
WORST = "D"
KILO, MEGA = 1000, 1_000_000

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file: what it is called, how large, its SHA-256, and where it is: 'attached', or a link, a bucket's key or a path."""

    name: str
    size: str
    sha256: str
    place: str
    is_link: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    label: str
    value: str
    note: str
    warns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLetter:
    """A whole mail in words."""

    subject: str
    preheader: str
    organisation: str
    pill: str
    pill_level: str
    headline: str
    cost: str
    cost_note: str
    tiles: tuple[Tile, ...]
    revision: str
    open: tuple[str, ...]
    files: tuple[FileRow, ...]
    files_note: str
    why: str
    due: str
    marked: str


def letter_of(figures: Figures, enclosed: Enclosed) -> ReportLetter:
    who, span = words.plain(figures.scope_name), span_words(figures.span)
    state = state_words(figures)
    mark = "Preview: " if enclosed.is_preview else ""
    moved = moved_words(figures.before, figures.cost)
    parts = [cost_words(figures), moved, f"grade {figures.grade}" if figures.grade else "", state]
    subject = f"{mark}{figures.label} {span}, {who}: {', '.join(one for one in parts if one)}"
    return ReportLetter(
        subject=subject,
        preheader=_preheader(figures, enclosed),
        organisation=words.plain(figures.organisation),
        pill=f"{state[0].upper()}{state[1:]}" if state else figures.label,
        pill_level=LEVELS[1] if state and not figures.revision else LEVELS[0],
        headline=f"{figures.label} of {who}, {span}",
        cost=_amount(figures.cost, figures.currency),
        cost_note=_against(figures),
        tiles=_tiles(figures, moved),
        revision=_revision(figures),
        open=tuple(words.plain_sentence(one) for one in figures.open),
        files=tuple(_file(one) for one in enclosed.files),
        files_note=enclosed.attach_words,
        why=enclosed.why,
        due=enclosed.due,
        marked=_marked(enclosed),
    )


def span_words(span: Span) -> str:
    """'October 2026', '2 October 2026', 'week 43 of 2026 (19–25 Oct)'."""
    first: date = span.period.start
    if span.kind == DAY:
        return f"{words.day(first)} {first.year}"
    if span.kind == WEEK:
        year, week, _ = first.isocalendar()
        return f"week {week} of {year} ({words.short_days(span.period)})"
    return f"{first:%B %Y}"


def cost_words(figures: Figures) -> str:
    """'1,234.56 USD', or that it is not known."""
    if figures.cost is None:
        return "cost unknown"
    return f"{_cents(figures.cost):,} {figures.currency}".replace("-", "−")


def moved_words(before: Decimal | None, now: Decimal | None) -> str:
    """'4 % up', '12 % down', 'unchanged', '14 times as much'; '' where either is not known."""
    if before is None or now is None:
        return ""
    if before <= 0:
        return "unchanged" if before == now else "new"
    if now >= before * TIMES_FROM:
        return f"{words.change(before, now).removeprefix('×')} times as much"
    told = words.change(before, now)
    if told[0] == words.UNCHANGED:
        return "unchanged" if now == before else "hardly changed"
    return f"{told[1:]} {'up' if told[0] == '+' else 'down'}"


def state_words(figures: Figures) -> str:
    """'closed r1', or that it is not closed; '' of a day or a week, which never is."""
    if figures.span.kind != MONTH:
        return ""
    return f"closed r{figures.revision}" if figures.revision else "not closed"


def size_words(size_bytes: int) -> str:
    """'214 KB', '1.3 MB'; less than a kilobyte in bytes."""
    if size_bytes < KILO:
        return f"{size_bytes} bytes"
    if size_bytes < MEGA:
        return f"{-(-size_bytes // KILO):,} KB"
    tenths = -(-size_bytes * 10 // MEGA)
    return f"{tenths // 10:,}.{tenths % 10} MB"


def _preheader(figures: Figures, enclosed: Enclosed) -> str:
    names = ", ".join(one.name for one in enclosed.files)
    return f"{_against(figures)} · {names}" if names else _against(figures)


def _amount(value: Decimal | None, currency: str) -> str:
    return "unknown" if value is None else words.amount(value, currency, currency)


def _against(figures: Figures) -> str:
    if figures.cost is None:
        return "Its cost is not known: nothing of it has a price"
    if figures.before_gap:
        return f"Not compared: {figures.before_gap}"
    if figures.before is None:
        return f"{figures.before_words[0].upper()}{figures.before_words[1:]} has no data to compare with"
    moved = moved_words(figures.before, figures.cost)
    return f"{moved[0].upper()}{moved[1:]}; {figures.before_words} was {_amount(figures.before, figures.currency)}"


def _tiles(figures: Figures, moved: str) -> tuple[Tile, ...]:
    change = None if figures.before is None or figures.cost is None else _difference(figures.before, figures.cost)
    found = [
        Tile(
            label="Change",
            value="–" if change is None else words.change(figures.before or Decimal(0), figures.cost or Decimal(0)),
            note="" if change is None else _signed(change, figures.currency),
            warns=bool(change and change > 0 and moved != "hardly changed"),
        )
    ]
    if figures.budget is not None:
        spent, limit = figures.budget
        found.append(
            Tile(
                label="Budget",
                value=words.percentage(spent, limit),
                note=f"of {words.amount(limit, figures.currency, figures.currency, short=True)}",
                warns=spent >= limit,
            )
        )
    elif figures.requests is not None:
        found.append(Tile(label="Requests", value=f"{figures.requests:,}", note="", warns=False))
    note = "A is best, D worst" if figures.grade else ""
    return (*found, Tile(label="Grade", value=figures.grade or "–", note=note, warns=figures.grade == WORST))


def _difference(before: Decimal, now: Decimal) -> Decimal:
    """Of the two as they are shown, so that a mail adds up."""
    return _cents(now) - _cents(before)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(money.CENT, context=_WIDE)


def _signed(change: Decimal, currency: str) -> str:
    told = words.amount(change, currency, currency)
    return f"+{told}" if change > 0 else told if change else f"{words.UNCHANGED}{told}"


def _revision(figures: Figures) -> str:
    """What a later revision changed; '' of a first one."""
    if figures.replaced is None or figures.revision is None:
        return ""
    number, cost = figures.replaced
    start = f"Revision {figures.revision} takes the place of revision {number}."
    if cost is None or figures.cost is None:
        return start
    change = _difference(cost, figures.cost)
    if not change:
        return f"{start} The total is the same, {_amount(figures.cost, figures.currency)}; what changed is in its parts."
    return (
        f"{start} The total was {_amount(cost, figures.currency)} and is {_amount(figures.cost, figures.currency)}, "
        f"{_amount(abs(change), figures.currency)} {'more' if change > 0 else 'less'}."
    )


def _file(one: SentFile) -> FileRow:
    place = "attached" if one.is_attached else words.plain_sentence(one.link)
    return FileRow(
        name=words.plain(one.name), size=size_words(one.size_bytes), sha256=one.sha256, place=place, is_link=place.startswith("https://")
    )


def _marked(enclosed: Enclosed) -> str:
    if enclosed.is_preview:
        return "This is a preview with real figures. Nobody else has it, and the ledger does not count it as delivered."
    return "Sent once more, because somebody asked for it." if enclosed.is_again else ""
