"""The shape of usage.yaml's section `alerts`: which rules tell, quiet hours, and who hears of what nobody answered."""

import re
from datetime import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from usage_pipeline.settings.shape import Mail, Section, Word
from usage_pipeline.settings.shape_words import word, wrong
from usage_pipeline.tables.alert_policy import THRESHOLDS_ONLY
from usage_pipeline.tables.notices import RULES

ALL = "all"
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")


def _rules(value: Any) -> tuple[str, ...]:
    if value == ALL:
        return RULES
    if not isinstance(value, list) or not value:
        raise wrong(f"name the rules that tell people, or {ALL}; rules are {', '.join(RULES)}")
    unknown = [one for one in value if one not in RULES]
    if unknown:
        raise wrong(f"{unknown[0]!r} is none of the rules {', '.join(RULES)}")
    return tuple(rule for rule in RULES if rule in value)


def _quiet(value: Any) -> tuple[time, time]:
    text = word(value)
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise wrong(f"{text!r} are no hours, such as '20:00-07:00' (in quotes)")
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if begin == end:
        raise wrong(f"{text!r} begin when they end: leave quiet_hours out for none")
    return begin, end


def zone(value: Any) -> str:
    """The name of a time zone."""
    text = word(value)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise wrong(f"{text!r} is no time zone, such as Europe/Berlin or UTC") from None
    return text


def _whole(value: Any) -> int:
    text = word(value)
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise wrong(f"{text!r} is no whole number from 1 to 9999")
    return int(text)


Whole = Annotated[int, BeforeValidator(_whole)]


class AlertsShape(Section):
    """What is left out stays as it is without the section: thresholds of budgets alone, at any hour, told once to the owners."""

    rules: Annotated[tuple[str, ...], BeforeValidator(_rules)] = THRESHOLDS_ONLY
    quiet_hours: Annotated[tuple[time, time], BeforeValidator(_quiet)] | None = None
    time_zone: Annotated[str, BeforeValidator(zone)] = "UTC"
    escalate_after_hours: Whole | None = None
    digest_over: Whole | None = None
    teams: dict[Word, list[Mail]] = Field(default={})
