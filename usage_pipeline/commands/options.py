"""What people write on the command line for days and months, as values. Imported at every start, so it imports next to nothing."""

import re
from datetime import date
from typing import Any

import click


class Day(click.ParamType[date]):
    """A UTC day, written 2026-10-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            self.fail(f"{value!r} is not a day, such as 2026-10-01", param, ctx)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a day of the calendar", param, ctx)


class Month(click.ParamType[date]):
    """A month, written 2026-10; its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            self.fail(f"{value!r} is not a month, such as 2026-10", param, ctx)
        return date.fromisoformat(f"{value}-01")


DAY, MONTH = Day(), Month()
