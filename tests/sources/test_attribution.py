"""Which project a line belongs to, by the rules of usage.yaml."""

from pathlib import Path
from typing import Any

import ibis
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.sources.attribution import attribute
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.configuration import ATTRIBUTION_FIELDS, AttributionRule, Project
from usage_pipeline.tables.personal import pseudonym

EVENT_COLUMNS = {
    "event_id": "string", "source": "string", "project": "string", "team": "string", "client": "string", "user": "string",
    "channel": "string", "model": "string", "api_key": "string", "api_key_name": "string", "principal": "string", "resource_id": "string",
    "provider_project_id": "string", "provider_project_name": "string", "workspace_id": "string", "sub_account_id": "string",
    "tags": "string", "request_tags": "array<string>",
}  # fmt: skip
PROJECTS = [
    Project(id="support-portal", name="Support portal", client="Acme", team="support"),
    Project(id="search-ranker", name="Search ranker", team="ml"),
    Project(id="internal-chat", name="Internal chat"),
]


def attributed(engine: Backend, rules: list[AttributionRule], columns: dict[str, str] = EVENT_COLUMNS, **cells: Any) -> dict[str, Any]:
    row = {name: [cells.get(name)] for name in columns}
    rows = attribute(ibis.memtable(row, schema=columns), rules, PROJECTS)
    assert set(rows.columns) == set(columns)
    found: dict[str, Any] = engine.to_pyarrow(rows).to_pylist()[0]
    return found


def test_the_first_rule_that_matches_wins(engine: Backend):
    rules = [
        AttributionRule(field="model", equals="other", project="internal-chat"),
        AttributionRule(field="provider_project_id", equals="proj_1", project="support-portal"),
        AttributionRule(field="provider_project_id", equals="proj_1", project="search-ranker"),
    ]
    assert attributed(engine, rules, source="a", provider_project_id="proj_1")["project"] == "support-portal"
    assert attributed(engine, rules, source="a", provider_project_id="proj_12")["project"] is None
    assert attributed(engine, rules, source="a", provider_project_id=None)["project"] is None


def test_a_rule_may_hold_for_one_source(engine: Backend):
    rules = [AttributionRule(source="claude-bill", field="workspace_id", project="search-ranker")]
    assert attributed(engine, rules, source="claude-bill")["project"] == "search-ranker"
    assert attributed(engine, rules, source="claude-bill", workspace_id="w1")["project"] is None
    assert attributed(engine, rules, source="openai-bill")["project"] is None


def test_any_value(engine: Backend):
    rules = [AttributionRule(field="principal", any_value=True, project="search-ranker")]
    assert attributed(engine, rules, source="a", principal="role/x")["project"] == "search-ranker"
    assert attributed(engine, rules, source="a")["project"] is None


def test_own_value_only_where_it_is_a_project(engine: Backend):
    rules = [
        AttributionRule(field="tag.project", any_value=True, project="{value}"),
        AttributionRule(field="team", equals="it", project="internal-chat"),
    ]
    tags = '{"project": "support-portal"}'
    assert attributed(engine, rules, source="a", tags=tags, team="it")["project"] == "support-portal"
    assert attributed(engine, rules, source="a", tags='{"project": "unknown"}')["project"] is None
    assert attributed(engine, rules, source="a", tags='{"project": "unknown"}', team="it")["project"] == "internal-chat"


def test_tags_come_before_request_tags(engine: Backend):
    rules = [AttributionRule(field="tag.project", any_value=True, project="{value}")]
    both = {"tags": '{"project": "support-portal"}', "request_tags": ["project:search-ranker"]}
    assert attributed(engine, rules, source="a", **both)["project"] == "support-portal"
    assert attributed(engine, rules, source="a", request_tags=["x", "project:search-ranker"])["project"] == "search-ranker"
    assert attributed(engine, rules, source="a", request_tags=["projects:search-ranker"])["project"] is None


@pytest.mark.parametrize("field", ATTRIBUTION_FIELDS)
def test_every_field_can_be_tested(engine: Backend, field: str):
    column = "api_key" if field == "api_key_id" else field
    rules = [AttributionRule(field=field, equals="it's", project="search-ranker")]
    assert attributed(engine, rules, **{"source": "a", column: "it's"})["project"] == "search-ranker"
    assert attributed(engine, rules, **{"source": "a", column: "it"})["project"] is None


def test_team_and_client_come_from_the_project_where_the_row_has_none(engine: Backend):
    rules = [AttributionRule(field="model", any_value=True, project="{value}")]
    own = attributed(engine, rules, source="a", model="support-portal", team="night shift", client="Beta")
    assert (own["team"], own["client"]) == ("night shift", "Beta")
    given = attributed(engine, rules, source="a", model="support-portal")
    assert (given["team"], given["client"]) == ("support", "Acme")
    without = attributed(engine, rules, source="a", model="internal-chat")
    assert (without["team"], without["client"]) == (None, None)


def test_a_table_without_the_column_counts_it_as_null(engine: Backend):
    columns = {"charge_id": "string", "source": "string", "project": "string", "workspace_id": "string"}
    by_user = AttributionRule(field="user", equals="u", project="search-ranker")
    by_tag = AttributionRule(field="tag.project", any_value=True, project="{value}")
    default = AttributionRule(field="workspace_id", project="internal-chat")
    assert attributed(engine, [by_user, by_tag, default], columns, source="a", workspace_id="w1")["project"] is None
    assert attributed(engine, [by_user, by_tag, default], columns, source="a")["project"] == "internal-chat"


def test_without_rules_or_projects_nothing_is_attributed(engine: Backend):
    assert attributed(engine, [], source="a", project="stale")["project"] is None
    row = ibis.memtable(
        {"source": ["a"], "project": ["stale"], "model": ["x"]}, schema=dict.fromkeys(("source", "project", "model"), "string")
    )
    rows = attribute(row, [AttributionRule(field="model", any_value=True, project="{value}")], [])
    assert engine.to_pyarrow(rows).to_pylist() == [{"source": "a", "project": None, "model": "x"}]


def test_a_rule_may_name_an_address_that_rows_have_as_a_hash(tmp_path: Path):
    engine = connect(tmp_path / "scratch", hash_key="a key of the tests, long enough")
    rows = ibis.memtable({"user": ["Ana@example.org"]}, schema={"user": "string"})
    told = engine.to_pyarrow(pseudonym(rows.user))[0].as_py()
    assert told.startswith("person-")
    rules = [AttributionRule(field="user", equals="ana@example.org", project="support-portal")]
    assert attributed(engine, rules, user=told)["project"] == "support-portal"
    assert attributed(engine, rules, user="person-0000000000000000")["project"] is None
