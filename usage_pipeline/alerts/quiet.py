"""Quiet hours: a moment and a policy in, whether it is quiet out. Hours may run over midnight; clocks change with the zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from usage_pipeline.tables.alert_policy import AlertPolicy


def is_quiet(policy: AlertPolicy, moment: datetime) -> bool:
    """Whether `moment` lies in the policy's quiet hours; their end is not quiet any more."""
    if policy.quiet is None:
        return False
    begin, end = policy.quiet
    clock = moment.astimezone(ZoneInfo(policy.time_zone)).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end
