"""`alerts:` as a value."""

from usage_pipeline.settings.shape_alerts import AlertsShape
from usage_pipeline.tables.alert_policy import AlertPolicy


def alert_policy(shape: AlertsShape) -> AlertPolicy:
    return AlertPolicy(
        rules=shape.rules,
        quiet=shape.quiet_hours,
        time_zone=shape.time_zone,
        escalate_after_hours=shape.escalate_after_hours,
        digest_over=shape.digest_over,
        teams=tuple((name, tuple(addresses)) for name, addresses in shape.teams.items()),
    )
