"""The command line: every command's help has an example, and whatever is asked wrongly is answered in words with exit code 2."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from sample_world import CONFIG, RANGE, usage_pipeline

from usage_pipeline.cli import main

PRICES = [["prices", name] for name in ("list", "show", "diff", "adopt")]
BOOK = [["reconcile"], ["close"], ["verify"], ["explain"], ["journal"], ["anomalies"], ["digest"], ["send"]]
REPORTS = [["report", "usage"], ["report", "comparison"]]
WALLETS = [["wallets", name] for name in ("list", "entries", "grant", "request", "approve", "reject")]
BUDGETS = [["budgets", "check"], ["budgets", "list"], ["budgets", "violations"]]
ALERTS = [["alerts", name] for name in ("list", "ack", "snooze", "send", "replay")]
COMMANDS = [*ALERTS, ["demo"], ["init"], ["run"], ["price"], ["reprice"], ["sources"], ["coverage"], ["channels"], *BOOK, *BUDGETS, *PRICES]
COMMANDS += WALLETS + REPORTS
SMALL = "organisation: {name: Example Org}\nprojects: [{id: portal}]\nsources: [{name: app, kind: tracker, path: 'logs/*.jsonl'}]\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(*arguments: str, code: int = 2) -> str:
    """What stderr says; stdout stays empty."""
    result = usage_pipeline(*arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    return result.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_with_an_example(words: list[str], option: str) -> None:
    result = usage_pipeline(*words, option)
    assert result.exit_code == 0
    assert "\n  Example:\n    " in result.stdout
    assert f"usage-pipeline {' '.join(words)}" in result.stdout
    assert "--json" in result.stdout
    assert "\\b" not in result.stdout


def test_no_command_is_left_out() -> None:
    def leaves(group: click.Group, path: tuple[str, ...] = ()) -> list[list[str]]:
        found: list[list[str]] = []
        for name, command in group.commands.items():
            found += leaves(command, (*path, name)) if isinstance(command, click.Group) else [[*path, name]]
        return found

    assert sorted(leaves(main)) == sorted(COMMANDS)


def test_exit_codes_are_explained() -> None:
    assert "  Exit codes: 0 done, 1 failed, 2 wrong usage or configuration,\n  3 done but findings" in usage_pipeline("--help").stdout


def test_installed_command_answers_at_once() -> None:
    """No heavy import stands before a help text."""
    program = "import sys; from usage_pipeline.cli import main; main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "Usage:" in told
    modules = told.rsplit("\n", 2)[-2]
    assert [name for name in ("dagster", "ibis", "pandas", "weasyprint") if f"'{name}'" in modules] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--from", "2026-10-05", "--to", "2026-10-01"], "--to 2026-10-01 lies before --from 2026-10-05"),
        (["run", "--from", "yesterday", "--to", "2026-10-01"], "Invalid value for '--from': 'yesterday' is not a day, such as 2026-10-01"),
        (["run", "--from", "2026-10-1", "--to", "2026-10-02"], "Invalid value for '--from': '2026-10-1' is not a day, such as 2026-10-01"),
        (["run", "--from", "2026-02-01", "--to", "2026-02-30"], "Invalid value for '--to': 2026-02-30 is not a day of the calendar"),
        (["run", *RANGE, "--as-of", "20261001"], "Invalid value for '--as-of': '20261001' is not a day, such as 2026-10-01"),
        (["run", "--to", "2026-10-01"], "Missing option '--from'"),
        (["run", *RANGE, "2026-10-03"], "unexpected extra argument (2026-10-03)"),
        (["run", *RANGE, "--frm", "x"], "No such option '--frm'"),
        (["budgets", "check", "--as-of", "now"], "Invalid value for '--as-of': 'now' is not a day, such as 2026-10-01"),
        (["price", "nowhere.jsonl"], "Invalid value for 'FILE': 'nowhere.jsonl': No such file or directory"),
        (["price"], "Missing argument 'FILE'"),
        (["digest"], "digest: name one of --day, --week and --month"),
        (["digest", "--day", "2026-10-02", "--month", "2026-10"], "digest: name one of --day, --week and --month"),
        (["digest", "--week", "2026-W60"], "'2026-W60' is no day, ISO week or month that is in the calendar"),
        (["digest", "--week", "2026-10-02"], "--week '2026-10-02' is no ISO week, such as 2026-W41"),
        (["report", "usage", "--from", "2026-10-01"], "report usage: give --month, or --from and --to"),
        (["report", "usage", "--month", "2026-10", "--from", "2026-10-01", "--to", "2026-10-02"], "report usage: give --month, or --from"),
        (["demo", "--days", "0"], "0 is not in the range 1<=x<=366"),
        (["demo", "--days", "many"], "'many' is not a valid integer"),
        (["shut"], "No such command 'shut'"),
        (["budgets"], "how every budget stands".capitalize()),
    ],
)  # fmt: skip
def test_wrong_usage(place: Path, arguments: list[str], words: str) -> None:
    assert words in refused(*arguments)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("days", [("2023-12-31", "2024-01-02"), ("1970-01-01", "1970-01-01")])
def test_days_before_the_first_partition(place: Path, days: tuple[str, str]) -> None:
    first, last = days
    words = refused("run", "--from", first, "--to", last, "--config", str(CONFIG))
    assert words.splitlines()[-1] == (f"usage-pipeline: {first} lies before the first day of this pipeline, 2024-01-01: ask for later days")


def test_a_range_that_has_not_begun(place: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    words = refused("run", "--from", tomorrow.isoformat(), "--to", tomorrow.isoformat(), "--config", str(CONFIG))
    assert words.startswith(f"usage-pipeline: --from {tomorrow} lies in the future: today is ")


@pytest.mark.parametrize("command", [["run", *RANGE], ["budgets", "check"], ["budgets", "check", "--dry-run"]], ids=" ".join)
@pytest.mark.parametrize("json_too", [[], ["--json"]], ids=["people", "json"])
def test_a_missing_configuration(place: Path, command: list[str], json_too: list[str]) -> None:
    words = refused(*command, *json_too)
    assert words == (
        f"usage-pipeline: {place / 'usage.yaml'}: (file): there is no such file; name another with --config or USAGE_CONFIG,"
        " or have `usage-pipeline init` write one\n"
    )


KEYS = [
    "organisation",
    "projects",
    "budgets",
    "request_limits",
    "wallets",
    "grace",
    "attribution",
    "sources",
    "prices",
    "aliases",
    "credits",
    "allocation",
    "currencies",
    "journal",
    "limits",
    "holidays",
    "anomalies",
    "channels",
    "routing",
    "alerts",
    "reports",
    "deliveries",
    "unattributed",
]


def test_a_wrong_configuration_names_file_line_and_field_of_every_mistake(place: Path) -> None:
    text = SMALL.replace("tracker", "trackr") + "attribution:\n  - {field: team, project: portl}\nprices: 3\nbugdets: []\ncolour: red\n"
    (place / "usage.yaml").write_text(text)
    file = place / "usage.yaml"
    assert refused("run", *RANGE).splitlines() == [
        f"usage-pipeline: {file}:3: sources[0].kind: 'trackr' is no kind of source; did you mean 'tracker'?",
        f"{file}:5: attribution[0].project: no project 'portl' is declared; did you mean 'portal'?",
        f"{file}:6: prices: a list is needed here, such as [one, another]",
        f"{file}:7: bugdets: unknown key; did you mean 'budgets'?",
        f"{file}:8: colour: unknown key; known here are {', '.join(KEYS)}",
    ]
    assert sorted(path.name for path in place.iterdir()) == ["usage.yaml"], "nothing is made for a run that cannot be"


def test_a_configuration_that_is_no_yaml(place: Path) -> None:
    (place / "usage.yaml").write_text("organisation: {name: A\nprojects: [\n")
    assert refused("run", *RANGE).startswith(f"usage-pipeline: {place / 'usage.yaml'}:2: YAML: ")


def test_a_home_that_cannot_be(place: Path) -> None:
    (place / "in-the-way").write_text("")
    inside = place / "in-the-way" / "home"
    words = refused("run", *RANGE, "--home", str(inside), "--config", str(CONFIG))
    assert words.startswith(f"usage-pipeline: the home {inside} cannot be written (")
    assert "Directory '" in refused("run", *RANGE, "--home", str(place / "in-the-way"), "--config", str(CONFIG))


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("nonsense", 2, "the database's URL names no database that is known here: check USAGE_DATABASE_URL"),
        ("oracle://me:swordfish@localhost/x", 2, "the database's URL names no database that is known here"),
        ("postgresql://me:swordfish@localhost:1/x", 1, "://me:***@localhost:1/x) cannot be opened (connection failed"),
        ("sqlite:////proc/nowhere/x.db", 1, "cannot be opened (unable to open database file)"),
    ],
)
def test_a_database_that_is_not_there(place: Path, url: str, code: int, words: str) -> None:
    result = usage_pipeline("budgets", "check", "--config", str(CONFIG), environment={"USAGE_DATABASE_URL": url})
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert "swordfish" not in result.stderr


def test_a_wrong_variable_is_named(place: Path) -> None:
    result = usage_pipeline("run", *RANGE, environment={"USAGE_SMTP_PORT": "ninety"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("usage-pipeline: environment: USAGE_SMTP_PORT: ")


def test_options_before_the_command_count_for_it(place: Path) -> None:
    result = usage_pipeline("--home", str(place / "elsewhere"), "--config", str(place / "mine.yaml"), "init", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document == {"home": str(place / "elsewhere"), "config": str(place / "mine.yaml"), "config_made": True}


def test_version() -> None:
    result = usage_pipeline("--version")
    assert (result.exit_code, result.stdout.split()[-1]) == (0, "0.1.0")


@pytest.mark.parametrize("module", ["usage_pipeline", "usage_pipeline.cli"])
def test_python_runs_the_command_line(module: str) -> None:
    told = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == "usage-pipeline, version 0.1.0\n"
    assert told.stderr == ""
