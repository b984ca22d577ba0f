"""The shapes of usage.yaml's sections `holidays` and `anomalies`."""

from usage_pipeline.settings.shape import Day, NotNegative, Positive, Section
from usage_pipeline.tables.anomalies import AnomalyRules

Holidays = list[Day]
"""Days that are like Sundays: forecasts expect little of them, and they are compared with Sundays."""


class AnomaliesShape(Section):
    """What counts as an anomaly: `floor` is the least excess, in the reporting currency."""

    floor: NotNegative = AnomalyRules().floor
    deviations: Positive = AnomalyRules().deviations
