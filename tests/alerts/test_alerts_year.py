"""The simulated year of benchmarks/alerts_year.py in small: a month of checks by a program that dies, over a server that fails."""

from pathlib import Path

import pytest

from benchmarks.alerts_year import run


@pytest.mark.parametrize("seed", [2026])
def test_every_due_alert_reaches_its_people_once(tmp_path: Path, seed: int) -> None:
    outcome = run(budgets=30, days=24, hours=4, seed=seed, url=f"sqlite:///{tmp_path / 'year.db'}")
    assert outcome.faults == {}
    assert outcome.due == outcome.delivered + outcome.waits_at_end
    assert outcome.delivered > 50
    assert outcome.most_in_24_hours == 1
    assert outcome.deaths, "it died"
    assert outcome.answers["4xx"], "it was busy"
    assert outcome.answers["5xx"] == outcome.dead_letters > 0
    assert outcome.receipts > outcome.mails, "some came twice, known by their Message-ID"
