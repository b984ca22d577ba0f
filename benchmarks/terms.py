"""What the company agreed on: projects, attribution rules, prices. The same for every chain."""

from decimal import Decimal

from benchmarks.mix import PROJECTS, TEAMS, UNTAGGED, streams
from usage_pipeline.tables.configuration import Agreement, AttributionRule, Project

SOURCE = "gateway"
COMPANY = tuple(Project(id=project, name=project, team=TEAMS[place % len(TEAMS)]) for place, project in enumerate(PROJECTS))
OWNER_OF_KEY = {stream.key_name: stream.project for stream in streams() if stream.project in UNTAGGED}
"""Keys whose name tells the project, for applications that send no tags."""

RULES = (
    *(AttributionRule(field="api_key_name", equals=key, project=project) for key, project in sorted(OWNER_OF_KEY.items())),
    AttributionRule(field="tag.project", any_value=True, project="{value}"),
)
DISCOUNT = Agreement(provider="openai", discount_percent=Decimal(8), source="enterprise agreement")
