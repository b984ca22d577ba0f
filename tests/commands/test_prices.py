"""Price books through the command line: the first is adopted by the first run, and another changes nothing of the past unless asked to."""

import gzip
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import RANGE, World, copy_of, finished

from usage_pipeline.prices.catalog import current_catalog, dump
from usage_pipeline.prices.catalog_file import load
from usage_pipeline.tables.price_books import PriceBookAdoption, price_books
from usage_pipeline.tables.priced_usage import priced_usage

CATALOGS = Path(__file__).parents[1] / "prices" / "catalogs"
OLDER = "0.2.2"


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> World:
    return finished(tmp_path_factory.getbasetemp())[0]


@pytest.fixture
def world(october: World, tmp_path: Path) -> World:
    return copy_of(october, tmp_path)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an older catalog that prices GPT-4o mini at half of today's."""
    file = CATALOGS / f"genai-prices-{OLDER}.json.gz"
    catalog = load(file.read_bytes(), file.name)
    for provider in catalog.providers:
        for model in provider.models:
            if (provider.id, model.id) == ("openai", "gpt-4o-mini"):
                model.prices = _halved(model.prices)
    path = tmp_path_factory.mktemp("older") / "catalog.json.gz"
    path.write_bytes(dump(catalog))
    return path


def last_book(world: World) -> PriceBookAdoption:
    return world.database.select(price_books, order=("adopted_at",))[-1]


def _halved(prices: Any) -> Any:
    return type(prices)(**{name: price / 2 if isinstance(price, Decimal) else price for name, price in vars(prices).items()})


def answer(world: World, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = world.command(*arguments, "--json")
    assert result.exit_code == code, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_the_first_run_adopts_the_installed_book_and_keeps_it(october: World):
    (book,) = october.database.select(price_books)
    assert book.version == current_catalog().name
    assert book.valid_from is None
    assert {path.name for path in (october.home.prices / book.content_hash).iterdir()} >= {
        "catalog.json.gz", "rate_cards.parquet", "rates.parquet",
    }  # fmt: skip
    told = answer(october, "prices", "list")
    assert told["installed_is_adopted"]
    assert [(one["price_book"], one["models"]) for one in told["books"]] == [(book.version, book.models_count)]


def test_another_book_leaves_the_past_as_it_is(world: World, older: Path):
    before, lake = world.files(), _prices(world)
    shown = answer(world, "prices", "adopt", "--catalog", str(older), "--dry-run")
    assert len(world.database.select(price_books)) == 1
    adopted = answer(world, "prices", "adopt", "--catalog", str(older))
    assert {**shown, "adopted": True} == adopted
    (month,) = adopted["months"]
    assert Decimal(month["difference"]) == Decimal(month["would_cost"]) - Decimal(month["cost"]) != 0
    assert any(one["model"] == "gpt-4o-mini" and one["meter"] == "input" for one in adopted["repriced"])
    world.run(*RANGE)
    assert world.files() == before
    assert _prices(world) == lake
    again = answer(world, "prices", "adopt", "--catalog", str(older))
    assert not again["adopted"], "it is the book already"
    days = ("--from", "2026-10-01", "--to", "2026-10-31")
    booked = answer(world, "reprice", *days, "--book", last_book(world).content_hash)["totals"]
    assert Decimal(month["booked"]) == Decimal(booked["cost"]) + Decimal(booked["left_out"]["cost"])
    assert Decimal(month["booked"]) == Decimal(month["cost"]) + Decimal(month["no_longer_priced_cost"])
    assert (month["cost"], month["newly_priced_cost"]) == (booked["cost"], booked["left_out"]["would_cost"])


def test_another_book_for_past_days_is_what_reprice_said(world: World, older: Path):
    effect = answer(world, "prices", "adopt", "--catalog", str(older), "--from", "2026-10-02")["months"][0]
    name = last_book(world).version
    days = ("--from", "2026-10-02", "--to", "2026-10-02")
    told = answer(world, "reprice", *days, "--book", name.rpartition(":")[2])
    world.run(*RANGE)
    after = answer(world, "reprice", *days, "--book", name.rpartition(":")[2])
    assert after["totals"]["cost"] == told["totals"]["would_cost"] == after["totals"]["would_cost"]
    assert Decimal(told["totals"]["difference"]) != 0
    assert Decimal(effect["cost"]) > Decimal(told["totals"]["cost"]), "the effect is of the whole month, the first day included"
    books = json.loads(world.files()["2026-10/organisation/statement.json"])["price_book"]
    assert name in books
    assert current_catalog().name in books
    assert "2026-10-02" in books


def test_a_book_is_read_from_the_home_not_from_the_package(world: World, older: Path, monkeypatch: pytest.MonkeyPatch):
    """A newer package: the prices of the home stay those that were adopted, and the list says that there are others."""
    before = world.files()
    newer = replace(current_catalog(), version="99.0", supplements=())
    for module in ("defs.books", "commands.prices", "commands.adopt"):
        monkeypatch.setattr(f"usage_pipeline.{module}.current_catalog", lambda: newer)
    assert not answer(world, "prices", "list")["installed_is_adopted"]
    world.run(*RANGE)
    assert world.files() == before


def test_a_book_that_is_gone_is_said_with_the_mend(world: World, older: Path):
    answer(world, "prices", "adopt", "--catalog", str(older), "--from", "2026-10-01")
    (world.home.prices / last_book(world).content_hash / "catalog.json.gz").unlink()
    result = world.command("run", *RANGE)
    assert result.exit_code == 1
    assert "is gone: restore" in result.stderr


def test_a_book_that_was_changed_is_refused(world: World):
    path = world.home.prices / last_book(world).content_hash / "catalog.json.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"0.15"', b'"0.16"', 1)))
    result = world.command("prices", "show", "gpt-4o-mini", "--provider", "openai")
    assert result.exit_code == 1
    assert "is damaged" in result.stderr
    path.write_bytes(b"torn")
    assert "restore it from a backup" in world.command("prices", "show", "gpt-4o-mini", "--provider", "openai").stderr


def test_a_wrong_first_day_is_mended_by_adopting_again(world: World, older: Path):
    answer(world, "prices", "adopt", "--catalog", str(older), "--from", "2030-01-01")
    assert answer(world, "prices", "show", "openai/gpt-4o-mini")["price_book"].startswith(current_catalog().name), "it does not count yet"
    assert answer(world, "prices", "adopt", "--catalog", str(older), "--from", "2026-10-02")["adopted"]
    assert not answer(world, "prices", "adopt", "--catalog", str(older), "--from", "2026-10-05")["adopted"], "it counts from before"
    spans = [(one["prices_usage"], one["prices_usage_before"]) for one in answer(world, "prices", "list")["books"]]
    assert spans == [(True, "2026-10-02"), (False, None), (True, None)]
    assert "none: a later book does" in world.command("prices", "list").stdout


def test_a_package_that_reads_other_prices_is_refused(world: World):
    """The mark of the version that adopted it is taken away, and a rate of the book is another than the package would make."""
    book = world.home.prices / last_book(world).content_hash
    for mark in book.glob("read-by-*"):
        mark.unlink()
    assert world.command("prices", "show", "gpt-4o-mini", "--provider", "openai").exit_code == 0
    for mark in book.glob("read-by-*"):
        mark.unlink()
    (book / "rates.parquet").write_bytes((book / "rate_cards.parquet").read_bytes())
    result = world.command("prices", "show", "gpt-4o-mini", "--provider", "openai")
    assert result.exit_code == 1
    assert "reads other prices out of the adopted price book" in result.stderr


def test_show_has_list_and_contracted_price_side_by_side(world: World):
    told = answer(world, "prices", "show", "openai/gpt-4o-mini", "--at", "2026-10-01")
    rates = {(one["context"], one["meter"]): one for one in told["rates"]}
    assert rates["", "input"]["list_unit_price"] == "0.00000015"
    assert rates["", "input"]["net_unit_price"] == "0.000000138"
    assert "8 % discount" in rates["", "input"]["agreement"]
    assert rates["processing=batch", "input"]["list_unit_price"] == "0.000000075"
    result = world.command("prices", "show", "gpt-4o-mini", "--provider", "openai")
    assert "0.15" in result.stdout
    assert "price book: genai-prices" in result.stdout


def test_unknown_model_and_book_are_told_with_what_is_near(world: World):
    result = world.command("prices", "show", "gpt-4o-minii", "--provider", "openai")
    assert result.exit_code == 2
    assert "did you mean 'gpt-4o-mini'" in result.stderr
    result = world.command("prices", "diff", "nothing", "installed")
    assert result.exit_code == 2
    assert current_catalog().name in result.stderr


def test_diff_of_two_books(world: World, older: Path):
    answer(world, "prices", "adopt", "--catalog", str(older))
    first, second = (one["content_hash"] for one in answer(world, "prices", "list")["books"])
    told = answer(world, "prices", "diff", second[:6], first, "--at", "2026-10-01")
    change = next(one for one in told["repriced"] if (one["model"], one["meter"], one["context"]) == ("gpt-4o-mini", "input", ""))
    assert Decimal(change["new_unit_price"]) == 2 * Decimal(change["old_unit_price"])
    words = world.command("prices", "diff", second[:6], first, "--at", "2026-10-01").stdout
    assert "Re-priced" in words
    assert "prices more: `--json` lists them all" in words
    assert "0 models added, 0 gone" in words


def test_a_file_that_is_no_catalog_is_refused(world: World, tmp_path: Path):
    (tmp_path / "x.whl").write_bytes(b"not a wheel")
    (tmp_path / "x.json.gz").write_bytes(b"not gzip")
    for name, words in (("x.whl", "no genai-prices wheel"), ("x.json.gz", "no price catalog"), ("none.whl", "no such file")):
        result = world.command("prices", "adopt", "--catalog", str(tmp_path / name))
        assert result.exit_code == 2, name
        assert words in result.stderr
    assert len(world.database.select(price_books)) == 1


def _prices(world: World) -> list[dict[str, Any]]:
    """What every event cost, by which book."""
    engine = world.workplace.engine()
    rows = world.workplace.lake(engine).read(priced_usage)
    table = engine.to_pyarrow(rows.select("source_file", "source_line", "price_book", "rate_card", "list_cost", "net_cost"))
    return sorted(table.to_pylist(), key=lambda row: (row["source_file"], row["source_line"]))
