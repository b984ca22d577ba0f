# ruff: noqa: E501  (a problem and its whole message stand on one line)
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment, Settings, load
from usage_pipeline.tables.budgets import Budget, Threshold
from usage_pipeline.tables.configuration import Agreement, Alias, AttributionRule, Organisation, Project, SourceSpec, VolumeTier

KINDS = ("openai_costs", "litellm")

WHOLE = """\
organisation:
  name: Example Org
  currency: USD
  finance: [finance@example.org]
  budgets:
    - {period: monthly, limit: 9_000.50}
projects:
  - id: support-portal
    name: Support portal
    client: Acme
    team: support
    cost_center: 0100
    owners: [ana@example.org]
    budgets:
      - {period: monthly, limit: 500.00, unit: USD}
      - {period: daily, limit: 40.00, unit: USD, thresholds: [80, 92.5, 120]}
      - {period: monthly, limit: 2000000, unit: tokens, operation: improvement}
  - {id: search-ranker, team: ml}
attribution:
  - {source: bill, field: workspace_id, equals: null, project: search-ranker}
  - {field: provider_project_id, equals: no, project: support-portal}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: bill, kind: openai_costs, path: "bills/*.json"}
  - {name: far, kind: litellm, path: "s3://bucket/prefix/"}
  - {name: fixed, kind: litellm, path: "/data/../logs/**/*.json"}
prices:
  - {provider: anthropic, model: claude-opus-5, meter: output, unit_price: 0.000020, valid_from: 2026-10-01, source: "contract 17"}
  - {provider: openai, markup_percent: 8, valid_to: 2026-07-01}
"""

SMALL = """\
organisation: {name: Example Org}
projects:
  - {id: portal}
sources: []
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "usage.yaml"


def loaded(config: Path, text: str) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load(config, KINDS)


def problems(config: Path, text: str | bytes) -> list[str]:
    """The lines of the error, without the folder."""
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageConfigError) as raised:
        load(config, KINDS)
    assert raised.value.exit_code == 2
    return str(raised.value).replace(f"{config.parent}/", "").split("\n")


def with_project(rest: str) -> str:
    return SMALL.replace("{id: portal}", "{id: portal, " + rest + "}")


def with_price(rest: str) -> str:
    return SMALL + "prices:\n  - {provider: openai, " + rest + "}\n"


def test_the_whole_file_becomes_values(config: Path) -> None:
    settings = loaded(config, WHOLE)
    default = (
        Threshold(percent=Decimal(75), level="info"),
        Threshold(percent=Decimal(90), level="warning"),
        Threshold(percent=Decimal(100), level="critical"),
    )
    assert settings.organisation == Organisation(name="Example Org", currency="USD", finance=("finance@example.org",))
    assert settings.projects == (
        Project(id="support-portal", name="Support portal", client="Acme", team="support", cost_center="0100", owners=("ana@example.org",)),
        Project(id="search-ranker", name="search-ranker", team="ml"),
    )
    assert settings.budgets == (
        Budget(budget_id="organisation:monthly:USD", scope="organisation", project=None, period="monthly", limit=Decimal("9000.50"), unit="USD", operation=None, thresholds=default),
        Budget(budget_id="projects/support-portal:monthly:USD", scope="project", project="support-portal", period="monthly", limit=Decimal(500), unit="USD", operation=None, thresholds=default),
        Budget(
            budget_id="projects/support-portal:daily:USD", scope="project", project="support-portal", period="daily", limit=Decimal(40), unit="USD", operation=None,
            thresholds=(Threshold(percent=Decimal(80), level="info"), Threshold(percent=Decimal("92.5"), level="warning"), Threshold(percent=Decimal(120), level="critical")),
        ),
        Budget(
            budget_id="projects/support-portal:monthly:tokens:improvement", scope="project", project="support-portal", period="monthly", limit=Decimal(2000000), unit="tokens",
            operation="improvement", thresholds=default,
        ),
    )  # fmt: skip
    assert settings.attribution == (
        AttributionRule(field="workspace_id", project="search-ranker", source="bill", equals=None, any_value=False),
        AttributionRule(field="provider_project_id", project="support-portal", equals="no"),
        AttributionRule(field="tag.project", project="{value}", any_value=True),
    )
    assert settings.sources == (
        SourceSpec(name="bill", kind="openai_costs", path=f"{config.parent}/bills/*.json"),
        SourceSpec(name="far", kind="litellm", path="s3://bucket/prefix/"),
        SourceSpec(name="fixed", kind="litellm", path="/logs/**/*.json"),
    )
    assert settings.agreements == (
        Agreement(provider="anthropic", model="claude-opus-5", meter="output", unit_price=Decimal("0.000020"), valid_from=date(2026, 10, 1), source="contract 17", line=28),
        Agreement(provider="openai", discount_percent=Decimal(-8), valid_to=date(2026, 7, 1), line=29),
    )  # fmt: skip
    assert settings.file == config


def test_a_price_never_passes_through_a_float(config: Path) -> None:
    settings = loaded(config, with_price("meter: output, unit_price: 0.000000000000015"))
    assert str(settings.agreements[0].unit_price) == "1.5E-14"
    settings = loaded(config, with_price("meter: output, unit_price: 0.000020"))
    assert settings.agreements[0].unit_price is not None
    assert f"{settings.agreements[0].unit_price:f}" == "0.000020"


TERMS = (
    SMALL
    + """\
prices:
  - {provider: azure, account: sub-1, markup_percent: 12, source: reseller}
  - {provider: openai, model: gpt-4.1, meter: output, unit_price: 0.000006, other_meters: in_proportion}
  - provider: openai
    per: quarter
    tiers:
      - {above: 0, discount_percent: 0}
      - {above: 100_000_000, markup_percent: 2.5}
  - {provider: openai, meter: images, tiers: [{above: 0, unit_price: 0.04}]}
aliases:
  - {name: chat-prod-eu, provider: azure, model: gpt-4o, valid_to: 2026-11-01}
  - {name: chat-prod-eu, provider: azure, model: gpt-5, valid_from: 2026-11-01}
  - {name: "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", model: claude-opus-5, model_provider: anthropic}
"""
)


def test_every_kind_of_price_and_alias(config: Path) -> None:
    settings = loaded(config, TERMS)
    off = VolumeTier(above=Decimal(0), discount_percent=Decimal(0)), VolumeTier(above=Decimal(10**8), discount_percent=Decimal("-2.5"))
    images = (VolumeTier(above=Decimal(0), unit_price=Decimal("0.04")),)
    assert settings.agreements == (
        Agreement(provider="azure", account="sub-1", discount_percent=Decimal(-12), source="reseller", line=6),
        Agreement(provider="openai", model="gpt-4.1", meter="output", unit_price=Decimal("0.000006"), other_meters="in_proportion", line=7),
        Agreement(provider="openai", tiers=off, per="quarter", line=8),
        Agreement(provider="openai", meter="images", tiers=images, per="month", line=13),
    )
    first_of_november, profile = date(2026, 11, 1), "arn:aws:bedrock:us-east-1:1:application-inference-profile/x"
    assert settings.aliases == (
        Alias(name="chat-prod-eu", provider="azure", model="gpt-4o", valid_to=first_of_november, line=15),
        Alias(name="chat-prod-eu", provider="azure", model="gpt-5", valid_from=first_of_november, line=16),
        Alias(name=profile, model="claude-opus-5", model_provider="anthropic", line=17),
    )


def test_sections_and_keys_without_a_value_are_as_good_as_absent(config: Path) -> None:
    settings = loaded(config, with_project("team: , owners: null, budgets: ~") + "attribution:\nprices:\n")
    assert settings.projects == (Project(id="portal", name="portal"),)
    assert (settings.attribution, settings.agreements, settings.budgets) == ((), (), ())


def test_anchors_and_merges_are_understood(config: Path) -> None:
    text = SMALL.replace("{id: portal}", "&a {id: portal, team: ml}").replace("sources", "  - {<<: *a, id: other}\nsources")
    assert loaded(config, text).projects == (Project(id="portal", name="portal", team="ml"), Project(id="other", name="other", team="ml"))


def test_every_problem_is_told_at_once_in_the_order_of_the_file(config: Path) -> None:
    text = """\
organisation:
  name: Example Org
  currency: dollars
  finance: finance@example.org
projects:
  - id: support portal
    ownrs: [ana@example.org]
    owners: [ana at example.org]
    budgets:
      - {period: hourly, limit: 0}
      - {period: daily, limit: -4, thresholds: [90, 75], unit: EUR}
      - {limit: plenty, period: daily, thresholds: [0, 50]}
  - {id: unattributed}
  - {id: portal}
  - {id: portal}
attribution:
  - {field: projekt, project: portl}
  - {source: bil, field: team}
sources:
  - {name: bill, kind: openai_cost, path: a}
  - {name: bill, kind: litellm}
  - not a mapping
prices:
  - {provider: openai, discount_percent: 101, valid_from: 2026-02-30}
  - {provider: openai, discount_percent: 10, unit_price: 1}
extra: 1
"""
    fields = "source, channel, provider_project_id, provider_project_name, workspace_id, sub_account_id, api_key_id, api_key_name, principal, resource_id, team, user, model, tag.<key>"
    assert problems(config, text) == [
        "usage.yaml:3: organisation.currency: 'dollars' is no currency: three capital letters (ISO 4217), such as USD",
        "usage.yaml:4: organisation.finance: a list is needed here, such as [one, another]",
        "usage.yaml:6: projects[0].id: 'support portal' is no id: 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit",
        "usage.yaml:7: projects[0].ownrs: unknown key; did you mean 'owners'?",
        "usage.yaml:8: projects[0].owners[0]: 'ana at example.org' is no mail address, such as ana@example.org",
        "usage.yaml:10: projects[0].budgets[0].period: 'hourly' is none of 'daily', 'weekly', 'monthly' or 'yearly'",
        "usage.yaml:10: projects[0].budgets[0].limit: 0 is not above 0",
        "usage.yaml:11: projects[0].budgets[1].unit: 'EUR' is neither dollars (the organisation's currency) nor tokens, credits or requests",
        "usage.yaml:11: projects[0].budgets[1].limit: -4 is not above 0",
        "usage.yaml:11: projects[0].budgets[1].thresholds: 90, 75 do not rise",
        "usage.yaml:12: projects[0].budgets[2].limit: 'plenty' is not a number, such as 0.000020",
        "usage.yaml:12: projects[0].budgets[2].thresholds[0]: 0 is not above 0",
        "usage.yaml:13: projects[1].id: 'unattributed' has a meaning of its own; choose another id",
        "usage.yaml:15: projects[3].id: 'portal' is declared twice; the first is on line 14",
        "usage.yaml:17: attribution[0].project: no project 'portl' is declared; did you mean 'portal'?",
        f"usage.yaml:17: attribution[0].field: 'projekt' is none of the fields {fields}",
        "usage.yaml:18: attribution[1].source: no source 'bil' is declared; did you mean 'bill'?",
        "usage.yaml:18: attribution[1].project: it is missing",
        "usage.yaml:20: sources[0].kind: 'openai_cost' is no kind of source; did you mean 'openai_costs'?",
        "usage.yaml:21: sources[1].name: 'bill' is declared twice; the first is on line 20",
        "usage.yaml:21: sources[1].path: it is missing",
        "usage.yaml:22: sources[2]: a mapping of keys to values is needed here",
        "usage.yaml:24: prices[0].discount_percent: 101 percent off is more than the price",
        "usage.yaml:24: prices[0].valid_from: 2026-02-30 is not a day of the calendar",
        "usage.yaml:25: prices[1]: an agreement has exactly one of unit_price, discount_percent, markup_percent, tiers",
        "usage.yaml:26: extra: unknown key; known here are organisation, projects, budgets, request_limits, wallets, grace, attribution, sources, prices, aliases, credits, allocation, currencies, journal, limits, holidays, anomalies, channels, routing, alerts, reports, deliveries, unattributed",
    ]


RISE = "usage.yaml:6: prices[0]: the first tier has above: 0 and each next one more: [{above: 0, ...}, {above: 100000000, ...}]"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (with_project("team: [a]"), "usage.yaml:3: projects[0].team: a text is needed here"),
        (with_project("team: ''"), "usage.yaml:3: projects[0].team: it is empty; a text is needed here"),
        (with_project("budgets: {period: daily}"), "usage.yaml:3: projects[0].budgets: a list is needed here, such as [one, another]"),
        (with_project("budgets: [{period: daily, limit: 1.5, unit: tokens}]"), "usage.yaml:3: projects[0].budgets[0]: limit 1.5: tokens are whole"),
        (
            with_project("budgets: [{period: daily, limit: 1}, {period: daily, limit: 2, unit: USD}]"),
            "usage.yaml:3: projects[0].budgets[1]: same period, unit and operation as the budget on line 3",
        ),
        (with_project("budgets: [{period: daily, limit: .inf}]"), "usage.yaml:3: projects[0].budgets[0].limit: '.inf' is not a number, such as 0.000020"),
        (with_project("budgets: [{period: daily, limit: [5]}]"), "usage.yaml:3: projects[0].budgets[0].limit: a number is needed here"),
        (with_project("budgets: [{period: daily, limit: 1e30}]"), "usage.yaml:3: projects[0].budgets[0].limit: 1e30 is too large"),
        (with_project("budgets: [{period: daily, limit: 1e-9999999}]"), "usage.yaml:3: projects[0].budgets[0].limit: 1e-9999999 has more than 15 decimals"),
        (with_project("budgets: [{period: daily, limit: 1e9999999}]"), "usage.yaml:3: projects[0].budgets[0].limit: 1e9999999 is too large"),
        (with_project("budgets: [{period: daily, limit: 5, thresholds: []}]"), "usage.yaml:3: projects[0].budgets[0].thresholds: it is empty; leave it out for 75, 90, 100"),
        (with_project("budgets: [{period: daily, limit: 5, thresholds: [a]}]"), "usage.yaml:3: projects[0].budgets[0].thresholds[0]: 'a' is not a number, such as 0.000020"),
        (with_project("owners: ['a@b.c\\nBcc: x@y.z']"), "usage.yaml:3: projects[0].owners[0]: 'a@b.c\\\\nBcc: x@y.z' is no mail address, such as ana@example.org"),
        (SMALL.replace("portal", "organisation"), "usage.yaml:3: projects[0].id: 'organisation' has a meaning of its own; choose another id"),
        (SMALL.replace("portal", "../portal"), "usage.yaml:3: projects[0].id: '../portal' is no id: 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit"),
        (SMALL.replace("portal", "p" * 65), f"usage.yaml:3: projects[0].id: '{'p' * 65}' is no id: 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit"),
        (with_price("meter: output, unit_price: 0.0000000000000001"), "usage.yaml:6: prices[0].unit_price: 0.0000000000000001 has more than 15 decimals"),
        (with_price("meter: output, unit_price: -1"), "usage.yaml:6: prices[0].unit_price: -1 is negative"),
        (with_price("unit_price: 1"), "usage.yaml:6: prices[0]: a unit_price needs a meter: the price of one unit of what?"),
        (with_price("project: portall, discount_percent: 1"), "usage.yaml:6: prices[0].project: no project 'portall' is declared; did you mean 'portal'?"),
        (with_price("discount_percent: 1, valid_from: yesterday"), "usage.yaml:6: prices[0].valid_from: 'yesterday' is not a day, such as 2026-10-01"),
        (with_price("discount_percent: 1, valid_from: 20261001"), "usage.yaml:6: prices[0].valid_from: '20261001' is not a day, such as 2026-10-01"),
        (with_price("discount_percent: 1, valid_from: 2026-10-01, valid_to: 2026-10-01"), "usage.yaml:6: prices[0]: valid_to 2026-10-01 is not after valid_from 2026-10-01"),
        (with_price("discount_percent: -50"), "usage.yaml:6: prices[0].discount_percent: -50 percent off would be a markup: use markup_percent: 50"),
        (with_price("tiers: [{above: 0, discount_percent: -2.5}]"), "usage.yaml:6: prices[0].tiers[0].discount_percent: -2.5 percent off would be a markup: use markup_percent: 2.5"),
        (with_price("meter: images, unit_price: 9000.01"), "usage.yaml:6: prices[0].unit_price: 9000.01 is too large: at most 9,000 per unit"),
        (with_price("meter: images, tiers: [{above: 100000, unit_price: 1e4}]"), "usage.yaml:6: prices[0].tiers[0].unit_price: 1e4 is too large: at most 9,000 per unit"),
        (with_price("markup_percent: 12, discount_percent: 3"), "usage.yaml:6: prices[0]: an agreement has exactly one of unit_price, discount_percent, markup_percent, tiers"),
        (with_price("markup_percent: -1"), "usage.yaml:6: prices[0].markup_percent: -1 is not above 0"),
        (with_price("tiers: []"), RISE),
        (with_price("tiers: [{above: 5, discount_percent: 1}]"), RISE),
        (with_price("tiers: [{above: 0, discount_percent: 1}, {above: 0, discount_percent: 2}]"), RISE),
        (with_price("tiers: [{above: 0}]"), "usage.yaml:6: prices[0].tiers[0]: a tier has exactly one of unit_price, discount_percent, markup_percent"),
        (with_price("tiers: [{above: 0, unit_price: 1}]"), "usage.yaml:6: prices[0]: a unit_price needs a meter: the price of one unit of what?"),
        (with_price("tiers: [{above: 0, discount: 1}]"), "usage.yaml:6: prices[0].tiers[0].discount: unknown key; did you mean 'discount_percent'?"),
        (with_price("tiers: [{above: -1, discount_percent: 1}]"), "usage.yaml:6: prices[0].tiers[0].above: -1 is negative"),
        (with_price("tiers: {above: 0}"), "usage.yaml:6: prices[0].tiers: a list is needed here, such as [one, another]"),
        (with_price("tiers: [{above: 0, discount_percent: 1}], per: week"), "usage.yaml:6: prices[0].per: 'week' is none of 'month', 'quarter' or 'year'"),
        (with_price("discount_percent: 1, per: year"), "usage.yaml:6: prices[0]: per says over which period tiers count: it needs tiers"),
        (with_price("discount_percent: 1, other_meters: in_proportion"), "usage.yaml:6: prices[0]: other_meters says what a unit_price does to the model's other meters: it needs a unit_price"),
        (with_price("meter: input, unit_price: 1, other_meters: all"), "usage.yaml:6: prices[0].other_meters: 'all' is none of 'list' or 'in_proportion'"),
        (with_price("account: [a], discount_percent: 1"), "usage.yaml:6: prices[0].account: a text is needed here"),
        (SMALL + "aliases: [{name: chat}]\n", "usage.yaml:5: aliases[0].model: it is missing"),
        (SMALL + "aliases: [{name: '', model: gpt-5}]\n", "usage.yaml:5: aliases[0].name: it is empty; a text is needed here"),
        (SMALL + "aliases: [{name: chat, model: gpt-5, provder: azure}]\n", "usage.yaml:5: aliases[0].provder: unknown key; did you mean 'provider'?"),
        (SMALL + "aliases: [{name: c, model: m, valid_from: 2026-10-01, valid_to: 2026-10-01}]\n", "usage.yaml:5: aliases[0]: valid_to 2026-10-01 is not after valid_from 2026-10-01"),
        (
            SMALL + "aliases:\n  - {name: c, model: m, provider: azure, valid_to: 2026-11-01}\n  - {name: c, model: n, provider: azure, valid_from: 2026-10-31}\n",
            "usage.yaml:7: aliases[1]: holds for the same usage at the same time as the alias on line 6: give them dates apart",
        ),
        (SMALL + "sources: []\n", "usage.yaml:5: sources: given twice; the first is on line 4"),
        ("organisation: {name: A, name: B}\n" + SMALL.split("\n", 1)[1], "usage.yaml:1: organisation.name: given twice; the first is on line 1"),
        ("projects: []\nsources: []\n", "usage.yaml:1: organisation: it is missing"),
        ("just text\n", "usage.yaml:1: (top): a mapping of keys to values is needed here"),
        ("a: [1, 2\nb: 3\n", "usage.yaml:2: YAML: while parsing a flow sequence expected ',' or ']', but got ':'"),
        ("a:\n\tb: 3\n", "usage.yaml:2: YAML: while scanning for the next token found character '\\t' that cannot start any token"),
        ("a: *nowhere\n", "usage.yaml:1: YAML: found undefined alias 'nowhere'"),
        ("a: &a [*a]\n" + SMALL, "usage.yaml:1: a[0]: it contains itself"),
        ("---\na: 1\n---\nb: 1\n", "usage.yaml:3: YAML: expected a single document in the stream but found another document"),
        ("", "usage.yaml: (file): it is empty; it needs at least organisation, projects and sources"),
        ("# nothing but words\n", "usage.yaml: (file): it is empty; it needs at least organisation, projects and sources"),
        (b"organisation:\n  name: Caf\xe9\n", "usage.yaml:2: (file): byte 0xe9 is not UTF-8; save the file in the encoding UTF-8"),
        (b"a: 1\nb: \x00\n", "usage.yaml:2: YAML: character U+0000 is not allowed"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line(config: Path, text: str | bytes, problem: str) -> None:
    assert problem in problems(config, text)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        UsageConfigError, match=r"nowhere\.yaml: \(file\): there is no such file; name another with --config or USAGE_CONFIG"
    ):
        load(tmp_path / "nowhere.yaml", KINDS)
    with pytest.raises(UsageConfigError, match=re.escape(f"{tmp_path}: (file): this is a folder; name the usage.yaml inside it")):
        load(tmp_path, KINDS)


def test_a_byte_order_mark_is_no_part_of_the_first_key(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(config, KINDS).organisation.name == "Example Org"


def test_the_fingerprint_is_of_what_is_said(config: Path, tmp_path: Path) -> None:
    print_of_whole = loaded(config, WHOLE).fingerprint
    elsewhere = tmp_path / "elsewhere.yaml"
    assert (
        loaded(elsewhere, "# a remark\n" + WHOLE.replace("{id: search-ranker, team: ml}", "{team: ml, id: search-ranker}")).fingerprint
        == print_of_whole
    )
    dearer = loaded(elsewhere, WHOLE.replace("limit: 40.00", "limit: 40.01"))
    assert dearer.fingerprint != print_of_whole
    of_numbers = loaded(config, WHOLE).numbers_fingerprint
    assert dearer.numbers_fingerprint == of_numbers, "a budget changes no cost"
    assert loaded(elsewhere, WHOLE.replace("team: ml", "team: other")).numbers_fingerprint != of_numbers


def test_kinds_are_those_of_the_catalog(config: Path) -> None:
    config.write_text(SMALL.replace("[]", "[{name: a, kind: litellm, path: b}]"))
    assert load(config).sources[0].kind == "litellm"


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Environment.model_fields:
        monkeypatch.delenv(f"USAGE_{name.upper()}", raising=False)
    return monkeypatch


def test_the_environment_has_defaults(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables.chdir(tmp_path)
    variables.setenv("USAGE_DATABASE_URL", "")
    environment = Environment()
    assert environment.home == tmp_path / "usage_home"
    assert environment.config_file == tmp_path / "usage.yaml"
    assert environment.database_url_or("sqlite:///x.db") == "sqlite:///x.db"
    assert environment.mail_server is None


def test_the_config_is_the_one_named_else_the_homes_else_the_one_here(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    environment = Environment(home=Path("home"))
    assert environment.config_file == tmp_path / "usage.yaml"
    (tmp_path / "home" / "usage.yaml").touch()
    assert environment.config_file == tmp_path / "home" / "usage.yaml"
    variables.setenv("USAGE_CONFIG", "variable.yaml")
    assert Environment().config_file == tmp_path / "variable.yaml"
    assert Environment(config=Path("given.yaml")).config_file == tmp_path / "given.yaml"


def test_the_environment_is_read(variables: pytest.MonkeyPatch) -> None:
    given = {"HOME": "/srv/usage", "DATABASE_URL": "postgresql://u:hunter2@h/d", "SMTP_HOST": "mail.invalid", "SMTP_USER": "reporter", "SMTP_PASSWORD": "swordfish", "MAIL_FROM": "usage@example.org"}  # fmt: skip
    for name, value in given.items():
        variables.setenv(f"USAGE_{name}", value)
    environment = Environment()
    assert environment.home == Path("/srv/usage")
    assert environment.database_url_or("") == "postgresql://u:hunter2@h/d"
    server = environment.mail_server
    assert server is not None
    assert (server.host, server.port, server.user, server.password, server.security) == (
        "mail.invalid",
        587,
        "reporter",
        "swordfish",
        "starttls",
    )
    shown = f"{environment!r} {environment} {server!r} {environment.model_dump()}"
    assert "hunter2" not in shown
    assert "swordfish" not in shown


@pytest.mark.parametrize(("port", "starttls", "security"), [("465", "true", "tls"), ("25", "false", "none"), ("587", "true", "starttls")])
def test_mail_security_follows_port_and_starttls(variables: pytest.MonkeyPatch, port: str, starttls: str, security: str) -> None:
    for name, value in {"HOST": "mail.invalid", "PORT": port, "STARTTLS": starttls}.items():
        variables.setenv(f"USAGE_SMTP_{name}", value)
    server = Environment().mail_server
    assert server is not None
    assert server.security == security


def test_wrong_variables_are_all_named_and_secrets_are_not_shown(variables: pytest.MonkeyPatch) -> None:
    for name, value in {"SMTP_PORT": "99999", "MEMORY_LIMIT": "2GB'; DROP", "SMTP_PASSWORD": "swordfish"}.items():
        variables.setenv(f"USAGE_{name}", value)
    with pytest.raises(UsageConfigError) as raised:
        Environment()
    first, second = str(raised.value).split("\n")
    assert first == 'environment: USAGE_MEMORY_LIMIT: "2GB\'; DROP" is no amount of memory, such as 2GB, 512MB or 80%'
    assert second == "environment: USAGE_SMTP_PORT: Input should be less than or equal to 65535"
    assert "swordfish" not in str(raised.value)


def test_a_key_for_hashes_is_long_enough_or_refused_in_words(variables: pytest.MonkeyPatch) -> None:
    assert Environment().hash_key_text is None
    for value in ("", "   ", "swordfish"):
        variables.setenv("USAGE_HASH_KEY", value)
        with pytest.raises(UsageConfigError, match=r"environment: USAGE_HASH_KEY: too short .* at least 16 random characters") as raised:
            Environment()
        assert "swordfish" not in str(raised.value)
    variables.setenv("USAGE_HASH_KEY", "swordfish-of-sixteen")
    environment = Environment()
    assert environment.hash_key_text == "swordfish-of-sixteen"
    assert "swordfish" not in f"{environment!r} {environment} {environment.model_dump()}"
