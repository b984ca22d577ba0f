"""`alerts:` of usage.yaml as values: which rules tell, when it is quiet, and who hears of what nobody answered."""

from dataclasses import dataclass
from datetime import time

from usage_pipeline.tables.notices import RULES

THRESHOLDS_ONLY = RULES[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """`quiet` are the hours, in `time_zone`, in which only critical mails go out. Without `escalate_after_hours` nobody is asked again.

    `digest_over`: more mails than that to the same people become one. `teams` are addresses of a team by its name.
    """

    rules: tuple[str, ...] = THRESHOLDS_ONLY
    quiet: tuple[time, time] | None = None
    time_zone: str = "UTC"
    escalate_after_hours: int | None = None
    digest_over: int | None = None
    teams: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def addresses_of(self, team: str | None) -> tuple[str, ...]:
        """Who is told for a team; nobody where it is not named."""
        return next((addresses for name, addresses in self.teams if name == team), ())
