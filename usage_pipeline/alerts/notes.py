"""Alerts about no budget in, their words out: a letter of notes, or notes beside the blocks of budgets; and many letters as one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from usage_pipeline.alerts import words
from usage_pipeline.alerts.conditions import ANOMALY, RECONCILIATION_GAP, REQUEST_LIMIT, STALE_SOURCE, UNPRICED, WALLET_LOW
from usage_pipeline.alerts.letter import Letter, Note, OtherBudget
from usage_pipeline.alerts.mends import mend_of
from usage_pipeline.alerts.phrasing import BLOCKS_MAX
from usage_pipeline.alerts.subject import LENGTH, NAME_LENGTH_MIN, short
from usage_pipeline.tables.alerts import Alert
from usage_pipeline.tables.budgets import LEVELS
from usage_pipeline.tables.configuration import Organisation, Project

HEADS: dict[str, str] = {
    ANOMALY: "Unusual cost",
    UNPRICED: "Usage without a price",
    STALE_SOURCE: "A source gives no data",
    RECONCILIATION_GAP: "Bill and logs differ",
    WALLET_LOW: "Credits run low",
    REQUEST_LIMIT: "Requests over their limit",
}
RULE = "Each of these is told once; a project gets at most one mail in 24 hours, unless it becomes more serious."
NAMED = 3


def notes_of(alerts: Sequence[Alert]) -> tuple[Note, ...]:
    """A note for each, in their order; what to do is said once for all of a rule, in the last of them."""
    last = {one.rule: one.alert_id for one in alerts}
    return tuple(
        Note(level=one.level, head=_head(one), text=words.plain_sentence(one.words or ""),
             todo=mend_of(one) if last[one.rule] == one.alert_id else "")
        for one in alerts
    )  # fmt: skip


def letter_of_notes(alerts: Sequence[Alert], *, project: Project | None, organisation: Organisation, why: str, now: datetime) -> Letter:
    """The words for alerts (at least one, most severe first) none of which is about a budget."""
    notes = notes_of(alerts)
    whose = words.plain(project.id if project else organisation.name)
    more = f" (+{len(notes) - 1} more)" if len(notes) > 1 else ""
    return Letter(
        subject=_subject(alerts[0], notes[0], whose, more),
        preheader=notes[0].text,
        organisation=words.plain(organisation.name),
        blocks=(),
        others=(),
        also="",
        why=words.plain_sentence(why),
        rule=RULE,
        judged=f"{words.day(now.date())} {now:%Y, %H:%M} UTC",
        notes=notes,
    )


def _subject(alert: Alert, note: Note, whose: str, more: str) -> str:
    """'support-portal: unusual cost, spent $68.20 on gpt-5 on Tue 20 Oct (+1 more)'; a critical one says so."""
    loud = "Critical: " if note.level == LEVELS[-1] else ""
    told = _clause(alert, note.text)
    return f"{short(f'{loud}{whose}: {_lower(note.head)}{told}', LENGTH - len(more))}{more}"


def _clause(alert: Alert, text: str) -> str:
    """What the subject has room for: of an anomaly what was spent on what, of a wallet how it stands, of a gap how wide it is."""
    what, _, more = text.partition(": ")
    _, _, gap = what.partition(" differ ")
    clauses = {
        ANOMALY: what.removeprefix(f"{alert.project} "),
        WALLET_LOW: more.partition(". ")[0],
        RECONCILIATION_GAP: gap.partition(" for no known")[0],
    }
    clause = clauses.get(alert.rule, "")
    return f", {clause}" if clause else ""


def beside(letter: Letter, alerts: Sequence[Alert]) -> Letter:
    """`letter` with notes of alerts that are about no budget."""
    return replace(letter, notes=notes_of(alerts)) if alerts else letter


def as_one(letters: Sequence[tuple[str, Letter]], organisation: Organisation) -> Letter:
    """A digest of several projects' letters, each with its project's name: the first block of each, as many as a mail takes."""
    names = [words.plain(name) for name, _ in letters]
    first = letters[0][1]
    at_length = [letter for _, letter in letters if letter.blocks][:BLOCKS_MAX]
    further = [letter for _, letter in letters if letter.blocks][BLOCKS_MAX:]
    loud = "Critical: " if any(letter.level == LEVELS[-1] for _, letter in letters) else ""
    left = len(names) - NAMED
    shown = ", ".join(short(one, NAME_LENGTH_MIN) for one in names[:NAMED]) + (f" and {left} more" if left > 0 else "")
    return replace(
        first,
        subject=f"{loud}{words.plain(organisation.name)}: {len(names)} projects need a look: {shown}",
        preheader="; ".join(letter.subject for _, letter in letters),
        blocks=tuple(block for letter in at_length for block in letter.blocks[:1]),
        others=tuple(_line(letter) for letter in further),
        also="",
        notes=tuple(replace(note, head=f"{name}: {_lower(note.head)}") for name, (_, letter) in zip(names, letters, strict=True)
                    for note in letter.notes),
    )  # fmt: skip


def _line(letter: Letter) -> OtherBudget:
    block = letter.blocks[0]
    return OtherBudget(name=block.headline, spent=block.spent, limit=block.of_limit.removeprefix("of "), percent=block.percent)


def _head(alert: Alert) -> str:
    kind, _, name = alert.scope.partition("/")
    about = f": {words.plain(name)}" if name and kind in {"sources", "models"} else ""
    return HEADS.get(alert.rule, alert.rule) + about


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
