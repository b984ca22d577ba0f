"""A catalog of an older version, read from a file, prices as the library of that version did: a kept book needs no old package.

`catalogs/make.py` made the files: the answers are the old library's own, run from its wheel.
"""

import gzip
import json
from collections import Counter
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from equal_to_library import NEAR, WE_SAY
from library_answers import UNITS
from library_cases import Case, unit_prices
from priced_cases import Outcome, priced_cases

from usage_pipeline.money import SMALLEST, exact
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.catalog import Catalog, dump, installed_catalog
from usage_pipeline.prices.catalog_file import load

CATALOGS = Path(__file__).parent / "catalogs"
OLD = "0.1.0"
FILES = [f"genai-prices-{OLD}.json.gz", "genai-prices-0.2.2.json.gz"]
PER = {unit.price_key: unit.per for unit in UNITS.values()}


@pytest.fixture(scope="module")
def old() -> Catalog:
    return catalog(FILES[0])


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    answered: list[dict[str, Any]] = json.loads(gzip.decompress((CATALOGS / f"answers-{OLD}.json.gz").read_bytes()))["cases"]
    return answered


@pytest.fixture(scope="module")
def outcomes(old: Catalog, answers: list[dict[str, Any]], price_engine: Any) -> list[Outcome]:
    return priced_cases([case(one) for one in answers], build_book([], catalog=old), price_engine)


def catalog(file: str) -> Catalog:
    return load((CATALOGS / file).read_bytes(), file)


def case(said: dict[str, Any]) -> Case:
    meters = {name: int(text) for name, text in said["meters"].items()}
    return Case("", said["provider"], said["model"], datetime.fromisoformat(said["at"]), said["context"], meters)


def test_every_answer_is_the_old_librarys_to_the_last_digit(old: Catalog, answers: list[dict[str, Any]], outcomes: list[Outcome]):
    inexact = inexact_models(old)
    assert len(answers) == 3000
    for said, outcome in zip(answers, outcomes, strict=True):
        if outcome.cost is None:
            assert said["error"] is not None or outcome.state in WE_SAY, said
            continue
        assert outcome.model_id == said["model_id"]
        total = Decimal(said["total"])
        is_near = (said["provider"], said["model_id"]) in inexact
        assert abs(outcome.cost - total) <= (NEAR if is_near else 0), (said, outcome)
    assert sum((said["provider"], said["model_id"]) not in inexact for said in answers) > 2900


def test_errors_and_what_the_old_library_left_out(answers: list[dict[str, Any]], outcomes: list[Outcome]):
    states = Counter((said["error"], outcome.state) for said, outcome in zip(answers, outcomes, strict=True))
    assert {pair for pair in states if pair[0]} == {("LookupError", "unresolved_model"), ("ValueError", "inconsistent_usage")}
    assert states[None, "priced"] > 500
    for said, outcome in zip(answers, outcomes, strict=True):
        if outcome.state == "free_or_unknown":
            assert Decimal(said["total"]) == 0
        if outcome.state == "unpriced_meter":
            known = sum((cost for cost in outcome.meters.values() if cost is not None), Decimal(0))
            assert known == Decimal(said["total"]).quantize(SMALLEST, ROUND_HALF_UP)


def test_the_installed_catalog_answers_some_of_them_otherwise(answers: list[dict[str, Any]], outcomes: list[Outcome], price_engine: Any):
    """Which is why a book is kept: the same usage at the same time, priced by a newer package."""
    now = priced_cases([case(one) for one in answers], build_book([], catalog=installed_catalog()), price_engine)
    assert sum(then.cost != newer.cost for then, newer in zip(outcomes, now, strict=True)) > 80
    assert sum(then.model_id != newer.model_id for then, newer in zip(outcomes, now, strict=True)) > 4


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_read_and_written_alike(file: str):
    kept = catalog(file)
    assert kept.name.startswith(f"genai-prices {file.removeprefix('genai-prices-').removesuffix('.json.gz')} sha256:")
    assert gzip.decompress(dump(kept)) == gzip.decompress((CATALOGS / file).read_bytes())
    assert kept.content_hash != installed_catalog().content_hash


def inexact_models(of: Catalog) -> set[tuple[str, str]]:
    """Those with a price of more than 15 decimals per unit."""
    return {
        (provider.id, model.id)
        for provider in of.providers
        for model in provider.models
        if any(exact(price / PER[key]) != price / PER[key] for key, prices in unit_prices(model).items() for price in prices)
    }
