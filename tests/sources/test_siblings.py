"""A rule for an account of a bill holds in the usage export of the same provider, after that export's own rules."""

from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.siblings import with_siblings
from usage_pipeline.tables.configuration import AttributionRule, SourceSpec

SPECS = [
    SourceSpec(name="bill", kind="openai_costs", path="/x"),
    SourceSpec(name="usage", kind="openai_usage", path="/x"),
    SourceSpec(name="claude", kind="anthropic_usage", path="/x"),
    SourceSpec(name="gateway", kind="litellm", path="/x"),
]


def rule(field: str, source: str | None = "bill") -> AttributionRule:
    return AttributionRule(field=field, project="p", source=source, equals="a")


def test_an_account_of_the_bill_is_one_of_the_usage_too() -> None:
    assert with_siblings([rule("provider_project_id")], SPECS, SOURCES) == [
        rule("provider_project_id"),
        rule("provider_project_id", "usage"),
    ]


def test_copies_come_after_every_rule_that_was_written() -> None:
    written = [rule("workspace_id", "bill"), rule("workspace_id", "usage")]
    assert with_siblings(written, SPECS, SOURCES)[:2] == written


def test_other_fields_and_rules_for_all_sources_stay_alone() -> None:
    written = [rule("model"), rule("provider_project_id", None), rule("workspace_id", "gateway")]
    assert with_siblings(written, SPECS, SOURCES) == written
