"""Bills that tell of the same lines with other amounts, and bills that only look so."""

from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.costs.told_alike import LineSum, Told, alike

ACCOUNTS = ("billing_account", "sub_account_id")


def told(*lines: tuple[int, str, str | None, str], **names: str) -> Told:
    """(day of October, sku, quantity, amount) a line."""
    return Told(
        [
            LineSum(
                day=date(2026, 10, day),
                names={"sku": sku, "sub_account_id": "one"} | names,
                quantity=None if quantity is None else Decimal(quantity),
                amount=Decimal(amount),
            )
            for day, sku, quantity, amount in lines
        ],
        ACCOUNTS,
    )


FULL = [(day, sku, quantity, "10") for day in (1, 2, 3) for sku, quantity in (("in", "100"), ("out", "20"))]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ([(day, sku, quantity, "97") for day, sku, quantity, _ in FULL], True),
        ([(day, sku, "100" if sku == "in" else "21", "10.5") for day, sku, _, _ in FULL], True),
        ([(1, "in", "100", "9"), (1, "out", "20", "9")], True),
        ([(day, sku, "60", "10.5") for day, sku, _, _ in FULL], False),
        ([(4, "in", "100", "9")], False),
        ([(1, "fee", "100", "9")], False),
    ],
    ids=["other amounts", "half of the quantities", "an earlier one of fewer days", "other quantities", "another day", "other skus"],
)
def test_quantities(other: list[tuple[int, str, str | None, str]], found: bool) -> None:  # noqa: FBT001
    assert alike(told(*FULL), told(*other), one_source=True) is found
    assert alike(told(*other), told(*FULL), one_source=True) is found


def test_places_tell_lines_apart() -> None:
    hours = [(day, "Provisioned Managed Unit", "24", "48") for day in (1, 2, 3)]
    dearer = [(day, sku, quantity, "50") for day, sku, quantity, _ in hours]
    assert alike(told(*hours), told(*dearer), one_source=True)
    assert not alike(told(*hours, resource_id="/rg/a"), told(*dearer, resource_id="/rg/b"), one_source=True)
    assert not alike(told(*hours, region="uk"), told(*dearer, region="se"), one_source=True)
    assert alike(told(*hours, resource_id="/rg/a", region="uk"), told(*dearer, resource_id="/rg/a", region="UK South"), one_source=False)
    assert alike(told(*hours, resource_id="/rg/a"), told(*dearer), one_source=True), "one does not tell where"


@pytest.mark.parametrize(
    ("scale", "found"), [("1.02", True), ("0.76", True), ("0.74", False), ("0", False)], ids=["2 %", "24 %", "26 %", "nothing"]
)
def test_amounts_where_there_are_no_quantities(scale: str, found: bool) -> None:  # noqa: FBT001
    plain = [(day, sku, None, amount) for day, sku, _, amount in FULL]
    scaled = [(day, sku, None, str(Decimal(amount) * Decimal(scale))) for day, sku, _, amount in plain]
    assert alike(told(*plain), told(*scaled), one_source=True) is found


def test_names_and_days_where_there_are_no_quantities() -> None:
    plain = [(day, f"{sku}-{number}", None, "1") for day in range(1, 11) for sku in ("in", "out") for number in range(5)]
    assert alike(told(*plain), told(*[one for one in plain if one[1] != "in-0"]), one_source=True)
    assert not alike(told(*plain), told(*[one for one in plain if one[1] not in {"in-0", "in-1"}]), one_source=True)
    shorter = [one for one in plain if one[0] < 5] + [(5, f"{sku}-{number}", None, "0.1") for sku in ("in", "out") for number in range(5)]
    assert alike(told(*plain), told(*shorter), one_source=True), "an earlier one, written before its last day was over"
    tenth = [one for one in plain if one[0] == 10] + [(day, *one[1:]) for one in plain if one[0] == 1 for day in range(11, 20)]
    assert not alike(told(*plain), told(*tenth), one_source=True), "two months that touch on a day"


def test_sources_of_other_skus_are_compared_by_meter() -> None:
    first = told((1, "gpt-4o inp", "100", "10"), meter="input", model="gpt-4o")
    second = told((1, "gpt 4o Input Tokens", "100", "11"), meter="input", model="gpt-4o")
    assert alike(first, second, one_source=False)
    assert not alike(first, second, one_source=True)
    assert not alike(told((1, "a", "1", "10")), told((1, "b", "1", "10")), one_source=False), "neither names a meter"
