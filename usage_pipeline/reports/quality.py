"""A statement's grade as its last pages tell it: the letter with its meaning, and every measure with its money."""

from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.grades import LETTERS, MEANINGS


def grade_text(snapshot: Snapshot) -> str:
    """'B: good for the books …'; in a project's statement also what keeps it from an A. '' without a grade."""
    grade = snapshot.grade
    if grade is None:
        return ""
    reasons = grade.reasons if snapshot.project is not None else ()
    return f"{grade.letter}: {'; '.join([MEANINGS[grade.letter], *reasons])}."


def measures_of(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """A line for each measure with anything in it, and one for all the others."""
    if snapshot.grade is None:
        return ()
    told = [(one.letter, one.words) for one in snapshot.grade.measures if one.percent != 0]
    clean = [one.words for one in snapshot.grade.measures if one.percent == 0]
    return (*sorted(told, reverse=True), *([(LETTERS[0], "; ".join(clean))] if clean else []))
