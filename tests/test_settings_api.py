# ruff: noqa: E501  (a problem and its whole message stand on one line)
"""A source is pulled with `api:`: what may stand there, and what wrong words are told."""

from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment, load
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.configuration import ApiSpec, SourceSpec

HEAD = "organisation: {name: Example Org}\nprojects: []\nsources:\n"


def loaded(folder: Path, line: str) -> SourceSpec:
    config = folder / "usage.yaml"
    config.write_text(f"{HEAD}  - {line}\n")
    (spec,) = load(config, landing=Home(folder / "home [1]").landing).sources
    return spec


@pytest.mark.parametrize(
    ("line", "url", "key", "days"),
    [
        ("{name: bill, kind: openai_costs, api: {}}", "https://api.openai.com/v1", "OPENAI_ADMIN_KEY", 7),
        ("{name: bill, kind: openai_usage, api: {days: 3}}", "https://api.openai.com/v1", "OPENAI_ADMIN_KEY", 3),
        ("{name: bill, kind: anthropic_cost, api: {url: , key: OUR_KEY}}", "https://api.anthropic.com/v1", "OUR_KEY", 7),
        ("{name: bill, kind: anthropic_usage, api: {url: 'https://proxy.example.com/v1/'}}", "https://proxy.example.com/v1", "ANTHROPIC_ADMIN_KEY", 7),
        ("{name: bill, kind: anthropic_usage, api: {url: 'http://127.0.0.1:8080/v1', days: 0}}", "http://127.0.0.1:8080/v1", "ANTHROPIC_ADMIN_KEY", 0),
    ],
    ids=["openai costs", "days", "key", "url", "loopback"],
)  # fmt: skip
def test_api_and_its_defaults(tmp_path: Path, line: str, url: str, key: str, days: int) -> None:
    spec = loaded(tmp_path, line)
    assert spec.api == ApiSpec(url=url, key=key, days=days)
    assert spec.path == f"{tmp_path}/home [[]1]/landing/bill/*/day=*/*.json"


def test_a_source_of_files_has_no_api(tmp_path: Path) -> None:
    assert loaded(tmp_path, "{name: bill, kind: openai_costs, path: a.json}").api is None


BOTH = "sources[0].api: a source has a path (its files) or an api (it is pulled), not both"
PULLED = "anthropic_cost, anthropic_usage, openai_costs, openai_usage"
URL = "sources[0].api.url: "
HTTPS = "is no https url, such as https://api.example.com/v1: a key is sent there"
VARIABLE = "sources[0].api.key: key is the name of a variable of the environment, such as OPENAI_ADMIN_KEY: capital letters, digits and '_'"
WRONG = [
    ("kind: openai_costs, path: a.json, api: {}", BOTH),
    ("kind: openai_costs", "sources[0].path: it is missing, or api: {} to have it pulled"),
    ("kind: openai_costs, api:", "sources[0].path: it is missing, or api: {} to have it pulled"),
    ("kind: litellm", "sources[0].path: it is missing"),
    ("kind: litellm, api: {}", f"sources[0].api: litellm is not pulled: give the path of its files; {PULLED} are"),
    ("kind: openai_costs, api: yes", "sources[0].api: a mapping of keys to values is needed here"),
    ("kind: openai_costs, api: {dais: 3}", "sources[0].api.dais: unknown key; did you mean 'days'?"),
    ("kind: openai_costs, api: {days: 1.5}", "sources[0].api.days: 1.5 is no whole number of days"),
    ("kind: openai_costs, api: {days: 93}", "sources[0].api.days: 93 is too many: at most 92 days are read anew with every run"),
    ("kind: openai_costs, api: {url: 'http://api.openai.com/v1'}", f"{URL}'http://api.openai.com/v1' {HTTPS}"),
    ("kind: openai_costs, api: {url: api.openai.com}", f"{URL}'api.openai.com' {HTTPS}"),
    ("kind: openai_costs, api: {url: 'https://ana:canary@x.org'}", f"{URL}a url here has no user, password, query or fragment; the key comes from the environment"),
    ("kind: openai_costs, api: {url: 'https://x:port'}", f"{URL}'https://x:port' is no url, such as https://api.example.com/v1"),
    ("kind: openai_costs, api: {key: sk-admin-canary}", VARIABLE),
]  # fmt: skip


@pytest.mark.parametrize(("line", "told"), WRONG, ids=[line for line, _ in WRONG])
def test_what_is_wrong_is_told(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(UsageConfigError) as raised:
        loaded(tmp_path, "{name: bill, " + line + "}")
    assert str(raised.value) == f"{tmp_path}/usage.yaml:4: {told}"
    assert "canary" not in str(raised.value)


def test_a_secret_comes_from_the_variable_that_usage_yaml_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", " sk-admin-canary\n")
    monkeypatch.setenv("EMPTY", " ")
    secret = Environment().secret("OUR_KEY")
    assert secret is not None
    assert (secret.get_secret_value(), "canary" in repr(secret) + str(secret)) == ("sk-admin-canary", False)
    assert (Environment().secret("EMPTY"), Environment().secret("NO_SUCH_KEY")) == (None, None)
