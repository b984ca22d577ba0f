"""What is kept of the versions that closed a month, and what of a document a newer version may tell otherwise."""

import pytest

from usage_pipeline.defs.versions import lost_of, other_versions, versions


def test_the_same_versions_have_no_words() -> None:
    assert other_versions(versions()) == ""


def test_what_was_not_noted_then_is_another_version() -> None:
    then = {name: one for name, one in versions().items() if name != "code"} | {"weasyprint": "69.0"}
    words = other_versions(then)
    assert words.startswith("weasyprint 69.0 then, ")
    assert ", code not noted then, " in words


@pytest.mark.parametrize(
    ("then", "now", "lost"),
    [
        ({"cost": "1"}, {"cost": "1", "grade": "A"}, None),
        ({"totals": {"cost": "1"}}, {"totals": {"cost": "1.0"}}, "totals.cost"),
        ({"by_day": [{"key": "a"}]}, {"by_day": [{"key": "a", "more": 1}]}, None),
        ({"by_day": [{"key": "a"}]}, {"by_day": []}, "by_day"),
        ({"by_day": [{"key": "a"}, {"key": "b"}]}, {"by_day": [{"key": "a"}, {"key": None}]}, "by_day[1].key"),
        ({"cost": "1", "unpriced": []}, {"cost": "1"}, "unpriced"),
        ([1], {"a": 1}, ""),
    ],
    ids=["more", "another digit", "more in a row", "a row less", "another key", "a field less", "another kind"],
)
def test_more_may_be_said_and_nothing_otherwise(then: object, now: object, lost: str | None) -> None:
    assert lost_of(then, now) == lost
