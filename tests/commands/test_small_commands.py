"""`init`, `price` and the refusals of `demo`; and how words, tables and progress are written."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from sample_world import CONFIG, usage_pipeline

from usage_pipeline.commands.output import Output, counted, dollars, words
from usage_pipeline.commands.unpriced import show_unpriced
from usage_pipeline.settings import load
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.unpriced import Unpriced

LINE = {
    "id": "1",
    "provider": "anthropic",
    "model": "claude-opus-5",
    "at": "2026-10-01T12:00:00Z",
    "meters": {"input": 1200, "cache_read": 3000, "output": 450},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init_makes_a_home_that_runs(place: Path) -> None:
    result = usage_pipeline("init", "--home", "here")
    assert result.exit_code == 0
    home = place / "here"
    assert {path.name for path in home.iterdir()} >= {"landing", "lake", "reports", "outbox", "dagster", "usage.db"}
    assert yaml.safe_load((home / "dagster" / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}
    Database(f"sqlite:///{home / 'usage.db'}").migrate()
    assert str(home) in result.stdout
    assert "dagster dev -w workspace.yaml" in result.stdout


def test_the_configuration_that_init_writes_is_right(place: Path) -> None:
    document = json.loads(usage_pipeline("init", "--json").stdout)
    assert document == {"home": str(place / "usage_home"), "config": str(place / "usage_home" / "usage.yaml"), "config_made": True}
    settings = load(place / "usage_home" / "usage.yaml")
    assert settings.organisation.name == "Example Org"


def test_init_again_overwrites_nothing(place: Path) -> None:
    usage_pipeline("init")
    home = place / "usage_home"
    mine = {home / "usage.yaml": "# mine\n", home / "dagster" / "dagster.yaml": "telemetry: {enabled: false}\n"}
    for path, text in mine.items():
        path.write_text(text)
    result = usage_pipeline("init")
    assert result.exit_code == 0
    assert "(kept as it was)" in result.stdout
    assert {path: path.read_text() for path in mine} == mine


def test_price_from_stdin_as_a_document(place: Path) -> None:
    result = usage_pipeline("price", "-", "--json", "--config", str(CONFIG), text=json.dumps(LINE) + "\n\n")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    (row,) = document["rows"]
    assert document["price_book"].startswith("genai-prices ")
    assert (row["id"], row["state"], row["model_id"]) == ("1", "priced", "claude-opus-5")
    assert row["meters"]["output"] == {"quantity": "450", "unit_price": "0.00002", "cost": "0.009"}, "contract 17"
    assert Decimal(row["cost"]) == sum(Decimal(one["cost"]) for one in row["meters"].values())


def test_price_for_people(place: Path) -> None:
    (place / "lines.jsonl").write_text(json.dumps(LINE))
    result = usage_pipeline("price", "lines.jsonl")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "id model meter quantity unit price cost state"
    assert lines[1].startswith("1 claude-opus-5 total")
    assert lines[-1].startswith("price book: genai-prices ")


def test_a_model_nobody_knows_has_no_cost_and_exit_code_3(place: Path) -> None:
    result = usage_pipeline("price", "-", "--json", text=json.dumps(LINE | {"model": "gpt-99"}))
    assert result.exit_code == 3
    (row,) = json.loads(result.stdout)["rows"]
    assert (row["cost"], row["state"], row["state_words"]) == (None, "unresolved_model", "the catalog does not know this model")
    assert row["hint"].startswith('add to usage.yaml, under aliases: - {name: "gpt-99"')


def test_states_and_hints_are_in_words_for_people(place: Path) -> None:
    lines = [LINE | {"model": "gpt-99"}, LINE | {"id": "2", "meters": {"input": 5, "audio_seconds": 9}}, LINE | {"id": "3"}]
    result = usage_pipeline("price", "-", text="\n".join(json.dumps(line) for line in lines))
    assert result.exit_code == 3
    said = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert any(line.endswith("the catalog does not know this model") for line in said)
    assert any(line.endswith("the catalog has no price for a meter of this request") for line in said)
    assert any(line.startswith("audio_seconds 9 – – unpriced") for line in said)
    hints = [line for line in said if line.startswith("to mend ")]
    assert hints[0].startswith("to mend 1: add to usage.yaml, under aliases:")
    assert hints[1].startswith("to mend 2: add to usage.yaml, under prices: - {provider: anthropic, ")
    assert len(hints) == 2, "what has a price needs no mending"


def test_a_priced_line_has_no_hint(place: Path) -> None:
    (row,) = json.loads(usage_pipeline("price", "-", "--json", text=json.dumps(LINE)).stdout)["rows"]
    assert row["hint"] is None
    assert "priced" in row["state_words"]


def unpriced(model: str, **values: object) -> Unpriced:
    blank: dict[str, object] = {
        "project": None, "channel": "openai", "provider": "openai", "model": model, "reason": "unresolved_model", "events": 0,
        "tokens": Decimal(1_000), "quantities": (("input", Decimal(1_000)),), "day": date(2026, 10, 2),
    }  # fmt: skip
    return Unpriced(**blank | values)  # type: ignore[arg-type]


def test_the_largest_five_unpriced_models_are_shown() -> None:
    made, out, _ = output(as_json=False)
    made.console.width = 200
    rows = [
        unpriced("tiny", low=Decimal("0.0001"), high=Decimal("0.0002"), range_if="at its own prices"),
        unpriced("least", low=Decimal("1.5"), hint="mend it"),
        unpriced("billed", billed=True),
        unpriced("nothing", reason=None),
        *(unpriced(f"more-{number}") for number in range(3)),
    ]
    show_unpriced(rows, "USD", made)
    said = " ".join(out.getvalue().split())
    for words_said in ("about <0.01 at its own prices", "at least 1.50", "its cost is in the bill", "nobody can say", "no rate found"):
        assert words_said in said
    assert "2 more are in the statement." in said
    assert "to mend least: mend it" in said
    assert "more-1" not in said


def test_nothing_unpriced_is_nothing_said() -> None:
    made, out, _ = output(as_json=False)
    show_unpriced([], "USD", made)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"id": 1}\n{"id": \n', "line 2: not JSON ("),
        ("[1]\n", "line 1: not an object: give one object a line"),
        (json.dumps(LINE | {"at": "soon"}), "at"),
        (json.dumps(LINE | {"meters": {"output": "many"}}), "output"),
    ],
)
def test_a_line_that_cannot_be_priced_is_named(place: Path, text: str, problem: str) -> None:
    result = usage_pipeline("price", "-", text=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr


def test_every_line_that_cannot_be_read_is_told_at_once_with_its_number_in_the_file(place: Path) -> None:
    good = json.dumps(LINE).encode()
    latin, deep = '{"id": "é"}'.encode("latin-1"), b"[" * 100_000
    (place / "lines.jsonl").write_bytes(b"\n".join([b"\xef\xbb\xbf" + good, b"", latin, good.replace(b'"anthropic"', b"5"), deep, good]))
    result = usage_pipeline("price", "lines.jsonl")
    assert (result.exit_code, result.stdout) == (2, "")
    third, fourth, fifth = result.stderr.splitlines()
    assert third == "usage-pipeline: line 3: not UTF-8 (byte 9 is 0xe9): save the file as UTF-8"
    assert fourth == 'line 4: provider is a text such as "openai", not 5'
    assert fifth.startswith("line 5: not JSON (")


def test_the_demo_never_mixes_with_real_data(place: Path) -> None:
    usage_pipeline("init", "--home", "real", "--config", "real/usage.yaml")
    before = sorted(path.name for path in (place / "real").rglob("*"))
    result = usage_pipeline("demo", "--home", "real", "--days", "1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not the demo's: give the demo a home of its own" in result.stderr
    assert sorted(path.name for path in (place / "real").rglob("*")) == before


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (Decimal("1.50"), "1.5"), (True, "yes"), (False, "no"), (1234567, "1,234,567"), ("a", "a"), (Decimal("0E-15"), "0")],
)
def test_cells(value: object, text: str) -> None:
    assert words(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "unknown"), (Decimal("1234.565"), "1,234.56"), (Decimal("1234.575"), "1,234.58"), (Decimal("-0.001"), "-0.00")],
)
def test_money_for_people(value: Decimal | None, text: str) -> None:
    assert dollars(value) == text


@pytest.mark.parametrize(
    ("quantity", "told"),
    [("7", 7), ("1204.000000", 1204), ("0", 0), ("-3", -3), ("32.333334", "32.333334"), ("0.500000", "0.5")],
)
def test_quantities_in_json_lose_no_digit(quantity: str, told: int | str) -> None:
    assert (counted(Decimal(quantity)), type(counted(Decimal(quantity)))) == (told, type(told))


def output(*, as_json: bool, terminal: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    made, out, err = Output(as_json=as_json), io.StringIO(), io.StringIO()
    made.console = Console(file=out, highlight=False, soft_wrap=True, width=80)
    made.errors = Console(file=err, highlight=False, soft_wrap=True, width=80, force_terminal=terminal)
    return made, out, err


def test_words_from_outside_are_no_markup() -> None:
    made, out, _ = output(as_json=False)
    made.say("[red]x[/red]")
    made.heading("[bold]y[/bold]")
    made.table(("name",), [("[link=x]z[/link]",)])
    assert "[red]x[/red]" in out.getvalue()
    assert "[bold]y[/bold]" in out.getvalue()
    assert "[link=x]z[/link]" in out.getvalue()


def test_with_json_everything_else_goes_to_stderr() -> None:
    made, out, err = output(as_json=True)
    made.say("a")
    made.heading("b")
    made.table(("c",), [("d",)])
    made.warn("e")
    made.document({"money": "1.50", "näme": "ü"})
    assert json.loads(out.getvalue()) == {"money": "1.50", "näme": "ü"}
    assert [line for line in err.getvalue().split() if line in "abcde"] == list("abcde")


def test_progress_without_a_terminal_is_a_line_every_tenth() -> None:
    made, _, err = output(as_json=False)
    with made.progress() as tell:
        for done in range(101):
            tell("days", done, 100)
        tell("pricing", 0, 0)
        tell("pricing", 0, 0)
    lines = err.getvalue().splitlines()
    assert lines == [*(f"days: {done} of 100" for done in range(0, 101, 10)), "pricing …"]


def test_progress_on_a_terminal_is_bars() -> None:
    made, _, err = output(as_json=False, terminal=True)
    with made.progress() as tell:
        tell("days", 1, 2)
        tell("statements", 2, 2)
    assert "days" in err.getvalue()
    assert "2/2" in err.getvalue()
