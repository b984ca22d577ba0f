"""A line of usage.yaml that is tried: what it may be, where it then stands, and that the file stays as it is."""

from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings.tried import with_line

TEXT = """\
organisation: {name: Example Org}
projects: [{id: chat}, {id: search}]
attribution:
  - {field: tag.project, project: "{value}"}
sources: [{name: app, kind: tracker, path: 'logs/*.jsonl'}]
prices:
  - {provider: openai, discount_percent: 8, source: contract 1}
  - {provider: anthropic, model: claude-opus-5, meter: output, unit_price: 0.00002, source: contract 2}
aliases:
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "usage.yaml"
    file.write_text(TEXT, "utf-8")
    return file


def test_an_agreement_takes_the_place_of_one_for_the_same(config: Path) -> None:
    found = with_line(config, "- {provider: openai, discount_percent: 12, valid_from: 2026-10-01}")
    assert [(one.provider, one.discount_percent, one.line) for one in found.agreements] == [
        ("openai", Decimal(12), 6),
        ("anthropic", None, 8),
    ]
    assert config.read_text("utf-8") == TEXT


def test_a_more_specific_agreement_stands_beside_the_others(config: Path) -> None:
    found = with_line(config, "{provider: openai, model: gpt-5, meter: input, unit_price: 0.000001}")
    assert [(one.provider, one.model) for one in found.agreements] == [
        ("openai", "gpt-5"),
        ("openai", None),
        ("anthropic", "claude-opus-5"),
    ]


def test_an_alias_in_an_empty_section(config: Path) -> None:
    (alias,) = with_line(config, '{name: "our-gpt", model: gpt-4o-mini}').aliases
    assert (alias.name, alias.model, alias.provider) == ("our-gpt", "gpt-4o-mini", None)


def test_an_attribution_rule_comes_first(config: Path) -> None:
    found = with_line(config, "{field: api_key_name, equals: prod, project: search}")
    assert [(rule.field, rule.project) for rule in found.attribution] == [("api_key_name", "search"), ("tag.project", "{value}")]


def test_lines_of_several_sections_at_once(config: Path) -> None:
    found = with_line(config, "{prices: [{provider: google, markup_percent: 3}], aliases: {name: a, model: gpt-4o-mini}}")
    assert (found.agreements[0].provider, found.agreements[0].discount_percent) == ("google", Decimal(-3))
    assert [alias.name for alias in found.aliases] == ["a"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "it is empty"),
        ("discount", "this is no line that can be tried"),
        ("{provider: openai}", "an agreement has exactly one of unit_price, discount_percent, markup_percent, tiers"),
        ("{field: tag.project, project: elsewhere}", "no project 'elsewhere' is declared"),
        ("{provider: openai, discount: 3}", "unknown key; did you mean 'discount_percent'?"),
        ("{provider: [", "expected"),
    ],
)
def test_what_fits_nowhere_is_told_in_words(config: Path, line: str, words: str) -> None:
    with pytest.raises(UsageConfigError) as told:
        with_line(config, line)
    assert "--try" in str(told.value)
    assert words in str(told.value)


def test_a_file_that_is_wrong_already_is_told_first(config: Path) -> None:
    config.write_text(f"{TEXT}bugdets: []\n", "utf-8")
    with pytest.raises(UsageConfigError, match="bugdets: unknown key") as told:
        with_line(config, "{provider: openai, discount_percent: 12}")
    assert "--try" not in str(told.value)
