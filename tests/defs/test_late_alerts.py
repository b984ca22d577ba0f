"""A period's last evening: told by the checks after it, once; never where the check is of another day, nor in a home that is new."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sample_world import World, copy_of
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.defs.alerts import deliver, judge
from usage_pipeline.defs.budget_changes import note_changes
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.alerts import deliveries

MOMENT = datetime(2026, 10, 31, 18, tzinfo=UTC)
LATER = datetime(2026, 11, 1, 5, tzinfo=UTC)
LAST = date(2026, 10, 31)


class At(Workplace):
    """The same place at a moment of its own."""

    moment: str

    def now(self) -> datetime:
        return datetime.fromisoformat(self.moment)


def at(world: World, moment: datetime) -> At:
    return At(home_folder=str(world.home.root), config_file=str(world.config), moment=moment.isoformat())


@pytest.fixture(scope="module")
def evening_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Portal spent 80 % of its month by the 30th, and 30 % more on the 31st."""
    world = tracker_world(tmp_path_factory.mktemp("evening"))
    write(world, "a.jsonl", [request("1", date(2026, 10, 30), dollars="8"), request("2", LAST, dollars="3")])
    assert world.job("daily", inclusive(date(2026, 10, 30), date(2026, 11, 1))).success
    return world


@pytest.fixture
def evening(evening_world: World, tmp_path: Path) -> World:
    return copy_of(evening_world, tmp_path)


def subjects(world: World) -> list[str]:
    return [one.subject for one in world.database.select(deliveries)]


def test_the_evening_of_the_last_day_is_told_on_the_first(evening: World) -> None:
    note_changes(at(evening, MOMENT))
    place = at(evening, LATER)
    deliver(place, judge(place, LATER.date()))
    assert subjects(evening) == ["Critical: portal at 110 % of $10 for October, reached on the 31st, the month is over"]
    again = judge(place, LATER.date())
    assert (again.alerts, again.messages) == ((), ())


def test_a_check_of_another_day_and_a_late_one_are_silent(evening: World) -> None:
    note_changes(at(evening, MOMENT))
    place = at(evening, LATER)
    assert judge(place, date(2026, 11, 2)).messages == ()
    five_days = at(evening, datetime(2026, 11, 5, tzinfo=UTC))
    assert judge(five_days, date(2026, 11, 5)).messages == ()
    assert judge(five_days, date(2026, 11, 1)).messages == ()


def test_a_home_that_is_new_is_silent_about_what_was_before(evening: World) -> None:
    place = at(evening, LATER)
    assert judge(place, LATER.date()).messages == ()
    note_changes(place)
    assert judge(place, LATER.date()).messages == ()


def test_a_new_limit_is_no_news_of_what_was_spent_before(evening: World, tmp_path: Path) -> None:
    note_changes(at(evening, MOMENT))
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG.replace("limit: 10}", "limit: 9}"))
    place = at(World(evening.home, file), LATER)
    assert judge(place, LATER.date()).messages == ()
