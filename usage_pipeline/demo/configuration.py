"""The demo's usage.yaml: projects with their budgets, attribution rules by project id, workspace, key and tag, and the sources."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.demo.organisation import ANTHROPIC, GEMINI, OPENAI, PROJECTS, WORKLOADS, Member, account_of

DEFAULT_THRESHOLDS = (75, 90, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBudget:
    """A budget as usage.yaml has it; without a project it is the organisation's."""

    project: str | None
    period: str
    limit: Decimal
    unit: str = "USD"
    operation: str | None = None
    thresholds: tuple[int, ...] = DEFAULT_THRESHOLDS


BUDGETS: tuple[DemoBudget, ...] = (
    DemoBudget(project=None, period="monthly", limit=Decimal("500.00")),
    DemoBudget(project="support-portal", period="monthly", limit=Decimal("50.00")),
    DemoBudget(project="support-portal", period="daily", limit=Decimal("2.50"), thresholds=(80, 100)),
    DemoBudget(project="support-portal", period="monthly", limit=Decimal(2_000_000), unit="tokens", operation="improvement"),
    DemoBudget(project="internal-chat", period="weekly", limit=Decimal("3.50")),
    DemoBudget(project="contract-review", period="monthly", limit=Decimal("110.00")),
    DemoBudget(project="marketing-studio", period="monthly", limit=Decimal("26.00")),
    DemoBudget(project="voice-of-customer", period="monthly", limit=Decimal("60.00")),
    DemoBudget(project="agent-sandbox", period="monthly", limit=Decimal("30.00")),
    DemoBudget(project="agent-sandbox", period="daily", limit=Decimal("4.00"), thresholds=(100, 200)),
    DemoBudget(project="code-assistant", period="monthly", limit=Decimal("250.00"), thresholds=(50, 80, 100)),
    DemoBudget(project="prompt-lab", period="monthly", limit=Decimal("10.00")),
)

_SOURCES = (
    ("openai-bill", "openai_costs", "openai/costs_*.json"),
    ("openai-usage", "openai_usage", "openai/usage_*.json"),
    ("claude-bill", "anthropic_cost", "anthropic/cost_*.json"),
    ("claude-usage", "anthropic_usage", "anthropic/usage_*.json"),
    ("google-bill", "gcp_billing", "google/*.jsonl"),
    ("azure-bill", "azure_cost", "azure/ea_actual_cost/**/*.csv"),
    ("gateway", "litellm", "gateway/**/*.json*"),
    ("prompt-lab-log", "tracker", "tracker/**/*.jsonl*"),
)


def configuration_text(prefix: str = "") -> str:
    """The text of usage.yaml; `prefix` leads from its folder to the inputs'."""
    lines = [
        "# A fictional organisation, written by `usage-pipeline demo` with the files that its sources name.",
        "organisation:",
        "  name: Example Org",
        "  currency: USD",
        "  finance: [finance@example.org]",
        *_budget_lines(None, "  "),
        "projects:",
    ]
    for project in PROJECTS:
        lines += _project_lines(project)
    lines += ["attribution:", *(f"  - {rule}" for rule in _rules()), "sources:"]
    lines += [f'  - {{name: {name}, kind: {kind}, path: "{prefix}{path}"}}' for name, kind, path in _SOURCES]
    return "\n".join(lines) + "\n"


def _project_lines(project: Member) -> list[str]:
    lines = [f"  - id: {project.id}", f"    name: {project.name}"]
    if project.client:
        lines.append(f"    client: {project.client}")
    lines += [f"    team: {project.team}", f"    cost_center: {project.cost_center}", f"    owners: [{project.owner}]"]
    return lines + _budget_lines(project.id, "    ")


def _budget_lines(project: str | None, indent: str) -> list[str]:
    budgets = [budget for budget in BUDGETS if budget.project == project]
    return [f"{indent}budgets:", *(f"{indent}  - {_budget_text(budget)}" for budget in budgets)] if budgets else []


def _budget_text(budget: DemoBudget) -> str:
    parts = [f"period: {budget.period}", f"limit: {budget.limit}", f"unit: {budget.unit}"]
    if budget.operation:
        parts.append(f"operation: {budget.operation}")
    if budget.thresholds != DEFAULT_THRESHOLDS:
        parts.append(f"thresholds: [{', '.join(map(str, budget.thresholds))}]")
    return "{" + ", ".join(parts) + "}"


def _rules() -> list[str]:
    """The first that matches wins. The hackathon's OpenAI project and the guests of the gateway are nobody's, on purpose."""
    rules: list[str] = []
    for workload in WORKLOADS:
        account, project = account_of(workload), workload.project
        if project is None:
            continue
        if workload.channel in (OPENAI, GEMINI):
            rules.append(f"{{field: provider_project_id, equals: {account.id}, project: {project}}}")
        elif workload.channel == ANTHROPIC and account.id is not None:
            rules.append(f"{{field: workspace_id, equals: {account.id}, project: {project}}}")
        elif workload.channel == ANTHROPIC:
            rules += [
                f"{{source: {source}, field: workspace_id, equals: null, project: {project}}}" for source in ("claude-bill", "claude-usage")
            ]
    rules.append("{source: gateway, field: api_key_name, equals: sales-assistant-prod, project: sales-assistant}")
    rules += [f'{{field: tag.{tag}, project: "{{value}}"}}' for tag in ("project", "project_tag")]
    return list(dict.fromkeys(rules))
