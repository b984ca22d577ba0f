"""The README says what is true: its commands, paths, variables, tables, pictures and example configuration are compared with the code."""

import importlib
import json
import pkgutil
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click
import dagster as dg
import pytest
from click.testing import CliRunner
from ibis.backends.duckdb import Backend
from readme_text import (
    CLICK,
    HOME_NAMES,
    README,
    ROOT,
    check_command,
    check_path,
    code_blocks,
    code_lines,
    commands,
    commands_of_run,
    is_path,
    leaf,
    names,
    options_of,
    quoted,
    table,
)

from usage_pipeline import cli, tables
from usage_pipeline.defs.checks import CHECKS
from usage_pipeline.defs.checks_reconciled import RECONCILED_CHECKS
from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.deliver import DELIVERY_CHECKS
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.partitions import FIRST_DAY
from usage_pipeline.defs.schedules import RE_READ_DAYS, SCHEDULES
from usage_pipeline.defs.sensors import SENSORS
from usage_pipeline.defs.wallets import WALLET_CHECKS
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.settings import Environment, load
from usage_pipeline.settings.environment import PREFIX
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.records import read_records
from usage_pipeline.storage.sql_tables import DECLARED
from usage_pipeline.tables.configuration import ATTRIBUTION_FIELDS
from usage_pipeline.tables.schema import Table

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PICTURE_BYTES_MAX = 300_000

COMMON = {"--home", "--config", "--json"}


def test_every_command_in_a_code_block_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "requests.jsonl").touch()
    (tmp_path / "workspace.yaml").touch()
    monkeypatch.chdir(tmp_path)
    lines = [line for line in code_lines() if not line.startswith("export ")]
    for line in lines:
        check_command(line.replace("<kind>", "tracker").replace("/srv/usage/", ""))
    assert len(lines) > 12


def test_every_command_in_a_sentence_exists():
    found = [text for text in quoted() if re.match(r"(\./run|usage-pipeline|dagster)( |$)", text) and "…" not in text]
    for text in found:
        words = text.split()
        words = words[1:] if words[0] == "./run" else words
        if words and words[0] not in commands_of_run():
            command, rest = leaf(CLICK[words[0]], words[1:])
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
            assert {word for word in rest if word.startswith("-")} <= known, text
    assert found


def test_every_option_in_a_sentence_exists():
    known = {option for program in CLICK.values() for _, command in commands(program) for option in options_of(command)}
    found = {text for text in quoted() if text.startswith("--")} - {"--help"}
    assert found
    assert found <= known


@pytest.mark.parametrize(
    "lie",
    [
        "./run tests/nothing",
        "./run usage-pipeline close --month 2026-10",
        "usage-pipeline run --from 2026-10-01",
        "usage-pipeline run --from 2026-10-01 --to 2026-13-01",
        "usage-pipeline run --since 2026-10-01 --to 2026-10-31",
        "usage-pipeline budgets check --dry",
        "./run dagster develop -w workspace.yaml",
        "./run dagster dev --workspaces workspace.yaml",
        "./run dagster-webserver --read-write -w workspace.yaml",
        "./run python tests/sources/no_such_script.py",
        "./run python -m benchmarks.chain --rows 1000000",
        "./run demo --weeks 3",
    ],
)
def test_a_command_that_does_not_exist_is_found(lie: str):
    with pytest.raises((click.UsageError, AssertionError)):
        check_command(lie)


def test_help_of_every_command_answers():
    for line in {tuple(names(row[0])[0].split()) for row in table("command")}:
        answer = CliRunner().invoke(cli.main, [*line, "--help"])
        assert answer.exit_code == 0
        assert "Example" in answer.output


def test_the_command_line_is_told_in_full():
    told = {names(row[0])[0]: set(names(row[2])) for row in table("command")}
    assert told == {name: options_of(command) - COMMON for name, command in commands(cli.main)}
    assert all(options_of(command) >= COMMON for _, command in commands(cli.main))
    sentence = next(line for line in README.splitlines() if line.startswith("Every command takes"))
    assert set(names(sentence)) == {*COMMON, "--help"}
    tried = [shlex.split(line) for line in code_lines()]
    examples = [words[words.index("usage-pipeline") + 1 :] for words in tried if "usage-pipeline" in words]
    assert {name for name in told if any(words[: len(name.split())] == name.split() for words in examples)} == set(told)


def test_exit_codes_are_those_of_the_command_line():
    told = {int(code): words for code, words in table("exit code")}
    assert set(told) == {0, UsageError.exit_code, UsageConfigError.exit_code, cli.EXIT_FINDINGS}
    help_text = " ".join((cli.main.help or "").split())
    for code, words in told.items():
        assert f"{code} {words.split(':')[0]}" in help_text


def test_the_line_to_price_has_a_price_and_an_unknown_model_has_none(tmp_path: Path):
    line = next(text for text in quoted() if text.startswith('{"id"'))
    unknown = json.dumps({**json.loads(line), "model": "no-such-model"})
    for text, code in ((line, 0), (unknown, cli.EXIT_FINDINGS), ("{", UsageConfigError.exit_code)):
        answer = CliRunner().invoke(cli.main, ["price", "-", "--home", str(tmp_path)], input=text)
        assert answer.exit_code == code


def test_every_path_exists():
    paths = [text for text in quoted() if is_path(text)]
    for text in paths:
        check_path(text)
    assert len(paths) > 20
    for lie in ("usage_pipeline/helpers.py", "tests/sources/<kind>/golden.json", "docs/manual.md", "INSTALL.md"):
        assert is_path(lie)
        with pytest.raises(AssertionError):
            check_path(lie)


def test_links_lead_somewhere():
    anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)", README, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or target.removeprefix("#") in anchors or (ROOT / target).exists(), target


def test_every_environment_variable_is_told_with_its_default():
    told = {names(variable)[0]: (names(default), meaning) for variable, default, meaning in table("variable")}
    fields = {f"{PREFIX}{name}".upper(): field for name, field in Environment.model_fields.items()}
    assert set(told) == set(fields) == set(re.findall(rf"{PREFIX}[A-Z][A-Z0-9_]*", README))
    for name, field in fields.items():
        default, meaning = told[name]
        value = field.default
        assert default == ([] if value is None else [str(value).lower() if isinstance(value, bool) else str(value)]), name
        assert ("(secret)" in meaning) == ("SecretStr" in str(field.annotation)), name
        assert ("not used yet" in meaning) == (not used(field_name(name))), name


def field_name(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def used(field: str) -> bool:
    """Whether anything reads the field, in environment.py's own properties or elsewhere."""
    texts = [path.read_text("utf-8") for path in (ROOT / "usage_pipeline").rglob("*.py")]
    return any(re.search(rf"\.{field}\b", text) for text in texts)


def test_variables_of_others_are_read_where_they_are_said_to_be():
    sentence = next(line for line in README.splitlines() if line.startswith("Not ours, but"))
    readers = [(ROOT / name).read_text("utf-8") for name in ("run", "usage_pipeline/defs/dagster.yaml", "usage_pipeline/storage/home.py")]
    readers += [path.read_text("utf-8") for path in (ROOT / "usage_pipeline" / "sources" / "apis").glob("*.py")]
    for name in names(sentence):
        assert any(name in text for text in readers), name


def test_pictures_are_there_and_small():
    pictures = re.findall(r'<img src="([^"]+)"', README)
    assert set(pictures) == {f"docs/{path.name}" for path in (ROOT / "docs").iterdir() if path.suffix != ".md"}
    assert len(re.findall(r'<img [^>]*alt="[^"]{20,}"', README)) == len(pictures)
    for name in pictures:
        content = (ROOT / name).read_bytes()
        assert len(content) < PICTURE_BYTES_MAX, name
        assert content.startswith(b"\x89PNG\r\n" if name.endswith(".png") else b"<svg "), name


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = tmp_path_factory.mktemp("home")
    return definitions_of(home, home / "usage.yaml")


def test_the_drawing_shows_every_asset(definitions: dg.Definitions):
    drawing = ET.parse(ROOT / "docs" / "flow.svg")  # noqa: S314 - our own file
    keys = {one.text for one in drawing.iter("{http://www.w3.org/2000/svg}text") if one.get("class") == "key"}
    assets = {spec.key.path[0] for spec in definitions.resolve_all_asset_specs()}
    assert keys == assets - {"landing"}


def test_schedules_sensors_and_checks_are_told(definitions: dg.Definitions):
    dg.Definitions.validate_loadable(definitions)
    told = {names(row[0])[0]: row[1:] for row in table("name")}
    crons = {schedule.name: schedule.cron_schedule for schedule in SCHEDULES}
    assert {name: names(row[0])[0] for name, row in told.items() if name in crons} == crons
    assert set(told) == {*crons, *(sensor.name for sensor in SENSORS)}
    assert [sensor.minimum_interval_seconds for sensor in SENSORS] == [300]
    assert told["new_files"][0] == "every 5 minutes"
    assert f"the last {RE_READ_DAYS} days" in told["daily_run"][1]
    assert f"start on {FIRST_DAY}" in README
    specs = {
        (spec.name, spec.asset_key.to_user_string(), spec.blocking)
        for check in [*CHECKS, *RECONCILED_CHECKS, *WALLET_CHECKS, *DELIVERY_CHECKS]
        for spec in check.check_specs
    }
    assert {(names(row[0])[0], names(row[1])[0], row[2].endswith("; blocks")) for row in table("check")} == specs
    assert "`limits.unpriced_percent`" in README


def test_kinds_of_source_are_told():
    told = {names(row[0])[0]: row[2] for row in table("kind")}
    assert {kind: shape == "bill" for kind, shape in told.items()} == {kind: one.table.name == "charges" for kind, one in SOURCES.items()}


def test_the_example_configuration_is_whole_and_right(tmp_path: Path):
    example = next(block for block in code_blocks("yaml") if block.startswith("organisation:"))
    file = tmp_path / "usage.yaml"
    file.write_text(example, "utf-8")
    settings = load(file)
    unused = set() if used("paper") else {"reports"}
    assert set(re.findall(r"^(\w+):", example, re.MULTILINE)) == set(UsageFile.model_fields) - unused
    assert settings.budgets
    assert settings.agreements
    sentence = next(line for line in README.splitlines() if "A rule may test" in line).split("A rule may test")[1]
    assert names(sentence) == [*ATTRIBUTION_FIELDS, "tag.<key>"]


def test_the_line_of_an_application_is_accepted(engine: Backend, tmp_path: Path):
    example = next(block for block in code_blocks("json") if '"meters"' in block)
    file = tmp_path / "requests.jsonl"
    file.write_text(json.dumps(json.loads(example)) + "\n", "utf-8")
    source = SOURCES["tracker"]
    rows = source.to_rows(read_records(engine, [("requests", str(file))], source, tmp_path / "stage"))
    (row,) = engine.to_pyarrow(rows).to_pylist()
    assert row["reject"] is None
    assert (row["input"], row["cache_read"], row["output"], row["operation"]) == (1200, 3000, 450, "chat")


def test_the_home_is_told_as_it_is(tmp_path: Path):
    block = next(block for block in code_blocks("") if block.startswith("/srv/usage/"))
    told = {line.split()[0].rstrip("/") for line in block.splitlines()[1:]}
    home = prepare(Home(tmp_path / "home"))
    made = {path.name for path in home.root.iterdir()}
    assert told == HOME_NAMES == {*made, home.database.name, home.closed.name, "usage.yaml"}
    assert (home.dagster / "dagster.yaml").is_file()


def test_layers_are_those_that_are_checked():
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    assert [names(row[0]) for row in table("layer")] == [layer.split(" | ") for layer in contract["layers"]]


def test_tables_are_told_with_where_they_lie():
    told = {name: row[2] for row in table("table") for name in names(row[0])}
    assert set(told) == set(declared_tables())
    assert {name for name, place in told.items() if place == "database"} == {one.name for one in DECLARED}


def declared_tables() -> dict[str, Table[Any]]:
    modules = [importlib.import_module(f"{tables.__name__}.{one.name}") for one in pkgutil.iter_modules(tables.__path__)]
    return {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Table)}


def test_the_python_range_is_that_of_the_project():
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.15"
    assert "Python 3.11 to 3.14" in README


def test_the_changelog_has_a_section_for_what_comes_next():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## \[Unreleased\]\n\n### (Added|Changed|Fixed)\n\n- ", changelog, re.MULTILINE)
