"""Wallets in usage.yaml: values, and each mistake with its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Settings, load
from usage_pipeline.tables.wallets import Recharge, Wallet

BASE = """\
organisation: {name: Example Org}
projects: [{id: portal, client: Acme}, {id: search, client: Acme}]
sources: [{name: app, kind: tracker, path: 'logs/*.jsonl'}]
"""


def settings(folder: Path, text: str) -> Settings:
    config = folder / "usage.yaml"
    config.write_text(BASE + text)
    return load(config)


def test_wallets_of_every_scope(tmp_path: Path) -> None:
    text = """\
wallets:
  - {id: support-credits, project: portal, unit: credits, low: 500, recharge: {amount: 5000, approve: [finance@example.org]}}
  - {id: acme, client: Acme, unit: USD, entries: money/credits.csv, from: 2026-10-01}
  - {id: ml, team: ml, unit: credits, recharge: {amount: 1}}
  - {id: all, unit: USD}
"""
    found = settings(tmp_path, text).wallets
    assert found == (
        Wallet(
            id="support-credits", scope="project", holder="portal", unit="credits", low=Decimal(500),
            recharge=Recharge(amount=Decimal(5000), approve=("finance@example.org",)), line=5,
        ),
        Wallet(
            id="acme", scope="client", holder="Acme", unit="USD", projects=("portal", "search"), first_day=date(2026, 10, 1),
            entries=tmp_path / "money" / "credits.csv", line=6,
        ),
        Wallet(id="ml", scope="team", holder="ml", unit="credits", recharge=Recharge(amount=Decimal(1)), line=7),
        Wallet(id="all", scope="organisation", holder=None, unit="USD", line=8),
    )  # fmt: skip


def test_without_wallets_there_are_none_and_they_decide_no_number(tmp_path: Path) -> None:
    plain, with_one = settings(tmp_path, ""), settings(tmp_path, "wallets: [{id: all, unit: USD}]\n")
    assert plain.wallets == ()
    assert plain.numbers_fingerprint == with_one.numbers_fingerprint


@pytest.mark.parametrize(
    ("wallets", "words"),
    [
        ("[{id: a, project: portl, unit: credits}]", "4: wallets[0].project: no project 'portl' is declared; did you mean 'portal'?"),
        ("[{id: a, client: Acne, unit: credits}]", "4: wallets[0].client: no project has the client 'Acne'; did you mean 'Acme'?"),
        ("[{id: a, unit: EUR}]", "4: wallets[0].unit: 'EUR' is neither USD (the organisation's currency) nor credits"),
        ("[{id: a}]", "4: wallets[0].unit: it is missing"),
        ("[{id: a, unit: USD}, {id: a, unit: credits}]", "4: wallets[1].id: 'a' is declared twice; the first is on line 4"),
        ("[{id: a, unit: USD}, {id: b, unit: USD}]", "4: wallets[1]: the wallet on line 4 is for the same usage: it would be"),
        ("[{id: a, unit: USD, project: portal, team: ml}]", "4: wallets[0]: a wallet is of one project or team, not both"),
        ("[{id: a b, unit: USD}]", "4: wallets[0].id: 'a b' is no id"),
        ("[{id: a, unit: USD, low: -1}]", "4: wallets[0].low: -1 is negative"),
        ("[{id: a, unit: USD, recharge: {approve: [x]}}]", "4: wallets[0].recharge.amount: it is missing"),
        ("[{id: a, unit: USD, recharge: {amount: 5, automatic: yes}}]", "wallets[0].recharge.automatic: 'yes' is neither true nor false"),
        ("[{id: a, unit: USD, recharge: {amount: 5, automatic: true}}]", "4: wallets[0]: recharge.automatic asks when the wallet runs low"),
        ("[{id: a, unit: USD, colour: 5}]", "4: wallets[0].colour: unknown key; known here are id, project, team, client, unit, low"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, wallets: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as told:
        settings(tmp_path, f"wallets: {wallets}\n")
    assert words in str(told.value)
