"""Notices as alerts make them, and one whose names say what they should not."""

from dataclasses import replace
from datetime import UTC, date, datetime

from usage_pipeline.tables.notices import Link, Notice

NOTICE = Notice(
    key="4f1c2a90b7d64e0e8a3b5c6d7e8f9012a1b2c3d4e5f60718293a4b5c6d7e8f90",
    rule="budget_threshold",
    level="critical",
    scope="projects/support-portal",
    project="support-portal",
    subject="support-portal at 92 % of $500 for October, crosses on the 27th",
    text="Spent $460.10 of $500.00, 23 of 31 days.\nMost of it: gpt-5 for summaries, +71 % against the week before.",
    occurred_at=datetime(2026, 10, 23, 6, 0, tzinfo=UTC),
    as_of=date(2026, 10, 23),
    facts={"spent": "460.100000000001", "limit": "500", "unit": "USD", "percent": "92.0200000000002", "forecast": None},
    links=(
        Link(text="Run", url="https://dagster.example.org/runs/1f2e"),
        Link(text="Statement", url="reports/2026-10/projects/support-portal/statement.pdf"),
    ),
)
HOSTILE_NAME = (
    "<!channel> @everyone *b* [x](https://evil.example/?a=1&b=2) <https://evil.example|ok> `c` ~~d~~ {to}"
    ' \u202e"\r\nBcc: x\x00 <at>All</at>'
)
HOSTILE = replace(
    NOTICE,
    scope="projects/" + HOSTILE_NAME,
    project=HOSTILE_NAME,
    subject=f"{HOSTILE_NAME} at 92 % of $500",
    text=f"{HOSTILE_NAME} spent more.\n# {HOSTILE_NAME}\n- {HOSTILE_NAME}",
    facts={"model": HOSTILE_NAME, HOSTILE_NAME: "1"},
    links=(
        Link(text=HOSTILE_NAME, url="https://example.org/a"),
        Link(text="x", url="javascript:alert(1)"),
        Link(text="y", url="https://e.org/>)x"),
    ),
)
EMOJI = "🧑‍🚀🎉"
HUGE = replace(
    NOTICE,
    subject=EMOJI * 3000,
    text=('\\"*_<&>' + EMOJI) * 9000,
    facts={f"{EMOJI * 90}{number}": '"\\' * 300 for number in range(40)},
    links=tuple(Link(text=EMOJI * 200, url="https://example.org/" + "a" * 900) for _ in range(20)),
)
MANY_LINES = replace(
    NOTICE,
    subject="界" * 500,
    text="界\n" * 1000 + "界" * 5000,
    facts={f"{number}{'界' * 90}": "界" * 300 for number in range(40)},
    links=(*HUGE.links[:2], *[Link(text="界" * 200, url="界" * 2000)] * 5),
)
