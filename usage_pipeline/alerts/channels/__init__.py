"""Ways to a person: one module a channel, one protocol."""

from pathlib import Path

from usage_pipeline.alerts.channels.channel import Channel
from usage_pipeline.alerts.channels.outbox import OutboxChannel
from usage_pipeline.alerts.channels.smtp import SmtpChannel


def channel_of(smtp: SmtpChannel | None, outbox: Path) -> Channel:
    """The mail server where one is set, else the outbox folder."""
    return smtp or OutboxChannel(outbox)
