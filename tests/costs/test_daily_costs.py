"""One day, one rule at a time: which view gives the amount, and how a lower one splits it."""

from datetime import date
from decimal import Decimal

import pytest
from cost_rows import charge_row, costs_of, usage_row

from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, PROVIDER_ESTIMATED, UNATTRIBUTED, UNPRICED
from usage_pipeline.tables.summary import by, totals

DAY = date(2026, 10, 2)


def day(usage, charges=(), **options):
    return costs_of(DAY, usage, charges, **options)


def costs(rows, *dimensions):
    """{dimensions: (quantity, cost)}; fails where two rows share them."""
    found = {tuple(getattr(row, name) for name in dimensions): (row.quantity, row.cost) for row in rows}
    assert len(found) == len(rows)
    return {key[0] if len(dimensions) == 1 else key: value for key, value in found.items()}


def provider_row(**columns):
    return usage_row(view="provider", **columns)


ANA = usage_row(user="ana", operation="chat", quantity=60, cost="0.9")
BEN = usage_row(user="ben", operation="chat", quantity=30, cost="0.3")


def test_nothing_gives_nothing():
    assert day([]) == []


def test_logs_alone_are_the_amount():
    rows = day([ANA, BEN])
    assert costs(rows, "user") == {"ana": (60, Decimal("0.9")), "ben": (30, Decimal("0.3"))}
    assert {row.basis for row in rows} == {LOG_ESTIMATED}


def test_usage_without_project_is_unattributed():
    assert {row.project for row in day([usage_row(project=None, quantity=1, cost="1")])} == {UNATTRIBUTED}


# -- the provider's usage, split by logs


def test_logs_that_tie_with_the_provider_keep_their_own_amounts():
    rows = day([ANA, BEN, provider_row(quantity=90, cost="1.2")])
    assert costs(rows, "user") == {"ana": (60, Decimal("0.9")), "ben": (30, Decimal("0.3"))}
    assert {row.basis for row in rows} == {PROVIDER_ESTIMATED}


def test_what_logs_cannot_explain_keeps_the_providers_dimensions():
    rows = day([ANA, BEN, provider_row(quantity=180, cost="2.4", team="core")])
    assert costs(rows, "user", "operation", "team", "api_type") == {
        ("ana", "chat", None, "text"): (60, Decimal("0.9")),
        ("ben", "chat", None, "text"): (30, Decimal("0.3")),
        (None, None, "core", "text"): (90, Decimal("1.2")),
    }


def test_logs_that_claim_more_than_the_provider_are_scaled_to_it():
    rows = day([ANA, BEN, provider_row(quantity=45, cost="0.4")])
    assert costs(rows, "user") == {"ana": (30, Decimal("0.3")), "ben": (15, Decimal("0.1"))}


def test_scaled_quantities_stay_whole_and_sum_to_the_providers():
    logs = [usage_row(user=user, quantity=10, cost="1") for user in "abc"]
    rows = day([*logs, provider_row(quantity=20, cost="2")])
    assert costs(rows, "user") == {
        "a": (7, Decimal("0.666666666666667")),
        "b": (7, Decimal("0.666666666666667")),
        "c": (6, Decimal("0.666666666666666")),
    }


def test_logs_without_a_price_split_by_quantity():
    logs = [usage_row(user="ana", quantity=60, cost=None), usage_row(user="ben", quantity=30, cost="9")]
    assert costs(day([*logs, provider_row(quantity=90, cost="1.2")]), "user") == {"ana": (60, Decimal("0.8")), "ben": (30, Decimal("0.4"))}


def test_a_log_explains_its_own_api_type_first():
    rows = day(
        [
            usage_row(user="ana", quantity=100, cost="1"),
            provider_row(quantity=100, cost="1"),
            provider_row(quantity=100, cost="0.5", api_type="batch"),
        ]
    )
    assert costs(rows, "user", "api_type") == {("ana", "text"): (100, 1), (None, "batch"): (100, Decimal("0.5"))}


def test_what_is_left_of_a_log_explains_other_api_types():
    rows = day(
        [
            usage_row(user="ana", quantity=150, cost="1.5"),
            provider_row(quantity=100, cost="1"),
            provider_row(quantity=100, cost="0.5", api_type="batch"),
        ]
    )
    assert costs(rows, "user", "api_type") == {("ana", "text"): (150, Decimal("1.25")), (None, "batch"): (50, Decimal("0.25"))}


def test_a_log_of_a_cell_that_the_provider_reports_adds_no_meter_of_its_own():
    other = provider_row(project="other", meter="output", quantity=5, cost="5")
    rows = day([provider_row(quantity=10, cost="1"), usage_row(meter="output", quantity=3, cost="3"), other])
    assert totals(rows).cost == 6


def test_meters_that_the_provider_reports_nowhere_come_from_the_logs():
    rows = day([provider_row(quantity=10, cost="1"), usage_row(meter="web_searches", quantity=3, cost="0.03")])
    assert costs(rows, "meter", "basis") == {
        ("input", PROVIDER_ESTIMATED): (10, 1),
        ("web_searches", LOG_ESTIMATED): (3, Decimal("0.03")),
    }


# -- requests, failures, unpriced


def test_requests_are_the_providers_split_by_the_logs():
    rows = day([usage_row(user="ana", requests=4), usage_row(user="ben", requests=1), provider_row(requests=7)])
    assert {row.user: row.requests for row in rows} == {"ana": 4, "ben": 1, None: 2}


def test_requests_are_the_logs_where_the_provider_does_not_count():
    usage = [usage_row(user="ana", requests=4), provider_row(requests=None, meter="requests"), provider_row(quantity=9, cost="1")]
    rows = day(usage)
    assert {row.user: row.requests for row in rows} == {"ana": 4, None: 0}
    assert totals(rows).cost == 1


@pytest.mark.parametrize("status", ["failure", "cache_hit"])
def test_failures_and_cache_hits_cost_nothing_even_in_a_billed_cell(status):
    free = [usage_row(status=status, quantity=900, cost="5"), usage_row(status=status, requests=3, unpriced_events=3)]
    rows = day([*free, provider_row(quantity=10, cost="1"), provider_row(requests=2)], [charge_row("1.5", 10)])
    assert totals(rows).cost == Decimal("1.5")
    assert totals(rows).unpriced_events == 0
    assert {row.basis for row in rows if row.status == status} == {LOG_ESTIMATED}
    assert {row.status: row.requests for row in rows if row.meter == "requests"} == {status: 3, "success": 2}


UNKNOWN = {"cost": None, "model": "new", "unpriced_reason": "unresolved_model"}


def test_unpriced_stays_null_and_keeps_its_reason():
    rows = day([usage_row(quantity=7, unpriced_quantity=7, **UNKNOWN), usage_row(requests=2, unpriced_events=2, **UNKNOWN)])
    assert [(row.meter, row.cost, row.estimated_cost, row.basis, row.unpriced_reason) for row in rows] == [
        ("input", None, None, UNPRICED, "unresolved_model"),
        ("requests", None, None, UNPRICED, "unresolved_model"),
    ]
    assert (totals(rows).unpriced_events, totals(rows).unpriced_tokens) == (2, 7)


def test_unpriced_usage_of_the_provider_is_split_by_logs_and_counted_once():
    logs = [usage_row(user=user, quantity=40, unpriced_quantity=40, **UNKNOWN) for user in ("ana", "ben")]
    logs += [usage_row(user=user, requests=2, unpriced_events=2, **UNKNOWN) for user in ("ana", "ben")]
    provider = [
        provider_row(quantity=100, unpriced_quantity=100, **UNKNOWN),
        provider_row(requests=5, unpriced_events=1, **UNKNOWN),
    ]
    rows = day([*logs, *provider])
    assert {(row.user, row.meter): (row.quantity, row.unpriced_quantity) for row in rows if row.meter == "input"} == {
        ("ana", "input"): (40, 40),
        ("ben", "input"): (40, 40),
        (None, "input"): (20, 20),
    }
    assert (totals(rows).unpriced_events, totals(rows).requests, totals(rows).cost) == (1, 5, 0)
    assert {row.cost for row in rows} == {None}
    assert {row.unpriced_reason for row in rows} == {"unresolved_model"}


def test_a_bill_gives_unpriced_usage_its_amount_and_the_reason_stays():
    rows = day([provider_row(quantity=7, unpriced_quantity=7, **UNKNOWN)], [charge_row("0.5", 7, model="new")])
    assert [(row.cost, row.estimated_cost, row.basis, row.unpriced_reason) for row in rows] == [
        (Decimal("0.5"), None, BILLED, "unresolved_model"),
    ]


# -- the bill over usage


def test_the_bill_is_split_by_the_logs_as_far_as_their_quantity_goes():
    rows = day([ANA, BEN], [charge_row("2", 180)])
    assert costs(rows, "user") == {"ana": (60, Decimal("0.75")), "ben": (30, Decimal("0.25")), None: (90, 1)}
    assert {row.user: row.estimated_cost for row in rows} == {"ana": Decimal("0.9"), "ben": Decimal("0.3"), None: None}


def test_a_bill_for_less_than_was_used_is_split_whole():
    rows = day([ANA, BEN], [charge_row("0.4", 45)])
    assert costs(rows, "user") == {"ana": (60, Decimal("0.3")), "ben": (30, Decimal("0.1"))}


def test_without_quantities_logs_explain_the_bill_as_far_as_their_cost_goes():
    assert costs(day([ANA, BEN], [charge_row("2")]), "user") == {
        "ana": (60, Decimal("0.9")),
        "ben": (30, Decimal("0.3")),
        None: (0, Decimal("0.8")),
    }
    assert costs(day([ANA, BEN], [charge_row("0.4")]), "user") == {"ana": (60, Decimal("0.3")), "ben": (30, Decimal("0.1"))}


def test_without_quantities_the_providers_own_count_explains_all_of_the_bill():
    rows = day([ANA, provider_row(quantity=90, cost="1.2")], [charge_row("2.4")])
    assert costs(rows, "user") == {"ana": (60, Decimal("1.6")), None: (30, Decimal("0.8"))}
    assert {row.user: row.estimated_cost for row in rows} == {"ana": Decimal("0.8"), None: Decimal("0.4")}


def test_in_a_billed_cell_usage_without_a_line_was_billed_nothing():
    rows = day([ANA, usage_row(user="ana", meter="output", quantity=5, cost="7")], [charge_row("0.8", 60)])
    assert {row.meter: (row.cost, row.estimated_cost, row.basis) for row in rows} == {
        "input": (Decimal("0.8"), Decimal("0.9"), BILLED),
        "output": (0, 7, BILLED),
    }


def test_an_unmapped_line_of_a_billed_cell_stays_a_row_of_its_own():
    rows = day(
        [ANA, usage_row(user="ana", meter="output", quantity=5, cost="7")], [charge_row("0.8", 60), charge_row("6", meter="unmapped")]
    )
    assert costs(rows, "user", "meter") == {
        ("ana", "input"): (60, Decimal("0.8")),
        ("ana", "output"): (5, 0),
        (None, "unmapped"): (0, 6),
    }


def test_a_line_without_model_is_split_by_the_models_that_used_its_meter():
    usage = [provider_row(quantity=10, cost="1"), provider_row(meter="web_searches", quantity=85, cost="0.85")]
    rows = day(usage, [charge_row("1", 10), charge_row("0.9", model=None, meter="web_searches")])
    assert costs(rows, "model", "meter") == {("mini", "input"): (10, 1), ("mini", "web_searches"): (85, Decimal("0.9"))}


def test_a_bill_that_names_neither_model_nor_meter_is_never_added_to_usage():
    rows = day([ANA, usage_row(user="ben", model="other", quantity=10, cost="0.3")], [charge_row("0.8", model=None, meter="unmapped")])
    assert costs(rows, "user", "model") == {("ana", "mini"): (60, Decimal("0.6")), ("ben", "other"): (10, Decimal("0.2"))}


def test_other_cells_keep_their_own_view():
    rows = day(
        [ANA, usage_row(project="ranker", quantity=5, cost="0.5"), provider_row(model="big", quantity=2, cost="3")], [charge_row("1", 60)]
    )
    assert {(row.project, row.model): (row.cost, row.basis) for row in rows} == {
        ("chat", "mini"): (1, BILLED),
        ("ranker", "mini"): (Decimal("0.5"), LOG_ESTIMATED),
        ("chat", "big"): (3, PROVIDER_ESTIMATED),
    }


def test_credits_taxes_and_corrections_are_in_the_sum_and_bill_no_cell():
    credit = charge_row("-0.25", category="Credit", meter="unmapped", model=None)
    tax = charge_row("0.1", category="Tax", meter="unmapped", model=None)
    rows = day([ANA], [credit, tax])
    assert {(row.meter, row.basis): row.cost for row in rows} == {
        ("input", LOG_ESTIMATED): Decimal("0.9"),
        ("unmapped", BILLED): Decimal("-0.15"),
    }
    assert totals(rows).billed_cost == Decimal("-0.15")


def test_a_negative_correction_of_usage_is_taken_off_its_rows():
    rows = day([ANA, BEN], [charge_row("1.2", 90), charge_row("-0.4", charge_class="Correction", quantity=0)])
    assert costs(rows, "user") == {"ana": (60, Decimal("0.6")), "ben": (30, Decimal("0.2"))}


def test_a_bill_that_only_pays_back_stays_its_own_row():
    rows = day([ANA], [charge_row("-0.4", -30)])
    assert costs(rows, "user") == {"ana": (60, 0), None: (-30, Decimal("-0.4"))}


def test_model_ids_and_teams_are_the_callers():
    rows = day(
        [ANA], [charge_row("1", 120, model="mini-2024-07-18")], model_ids={("openai", "mini-2024-07-18"): "mini"}, teams={"chat": "it"}
    )
    assert costs(rows, "user", "model", "team") == {("ana", "mini", None): (60, Decimal("0.5")), (None, "mini", "it"): (60, Decimal("0.5"))}


# -- usage and charges without a project


def test_usage_without_a_project_is_not_added_to_the_bill_of_its_model():
    nameless = provider_row(project=None, quantity=60, cost="1.8", api_type="batch")
    rows = day([nameless], [charge_row("0.9")])
    assert {(row.project, row.quantity, row.estimated_cost): (row.cost, row.basis) for row in rows} == {
        ("chat", 0, None): (Decimal("0.9"), BILLED),
        (UNATTRIBUTED, 60, Decimal("1.8")): (0, BILLED),
    }


def test_usage_without_a_project_is_not_added_to_a_bill_without_model():
    rows = day(
        [usage_row(project=None, meter="web_searches", quantity=12, cost="0.12")], [charge_row("0.12", model=None, meter="web_searches")]
    )
    assert {row.project: row.cost for row in rows} == {"chat": Decimal("0.12"), UNATTRIBUTED: 0}


def test_logs_without_a_project_are_not_added_to_the_providers_usage_of_their_model():
    rows = day(
        [usage_row(project=None, quantity=60, cost="0.9"), usage_row(project=None, requests=3), provider_row(quantity=60, cost="0.9")]
    )
    assert costs(rows, "project", "meter") == {("chat", "input"): (60, Decimal("0.9")), (UNATTRIBUTED, "requests"): (3, 0)}


def test_usage_without_a_project_of_a_model_that_no_higher_view_has_counts():
    rows = day([usage_row(project=None, quantity=60, cost="0.9")], [charge_row("3", 5, model="other")])
    assert {row.project: row.cost for row in rows} == {"chat": 3, UNATTRIBUTED: Decimal("0.9")}


SHARED = {"project": None, "names_project": False}


def test_a_shared_line_is_allocated_by_net_cost_and_its_parts_sum_to_it():
    usage = [
        usage_row(project=project, quantity=quantity, cost=cost) for project, quantity, cost in (("a", 1, 1), ("b", 1, 1), ("c", 10, 1))
    ]
    rows = day(usage, [charge_row("1", **SHARED)])
    assert {row.project: row.cost for row in rows} == {
        "a": Decimal("0.333333333333334"),
        "b": Decimal("0.333333333333333"),
        "c": Decimal("0.333333333333333"),
    }


@pytest.mark.parametrize(
    ("quantity", "rest"),
    [("100", ("33", "32", "32")), ("100.000001", ("32.333334", "32.333334", "32.333333"))],
    ids=["whole stays whole", "six decimals"],
)
def test_a_shared_lines_quantity_is_split_in_units_that_can_be_stored(quantity, rest):
    usage = [usage_row(project=project, quantity=1, cost=1) for project in "abc"]
    rows = day(usage, [charge_row("10", quantity, **SHARED)])
    assert {row.project: row.quantity for row in rows if row.api_type is None} == dict(zip("abc", map(Decimal, rest), strict=True))
    assert sum(row.quantity for row in rows) == Decimal(quantity)


def test_a_shared_line_is_allocated_by_quantity_where_a_cost_is_unknown():
    usage = [usage_row(project="a", quantity=1, cost=None), usage_row(project="b", quantity=3, cost="9")]
    rows = day(usage, [charge_row("1", 8, **SHARED)])
    assert {one.key: one.cost for one in by(rows, "project")} == {"a": Decimal("0.25"), "b": Decimal("0.75")}
    assert {(row.project, row.list_cost is None): row.quantity for row in rows if row.api_type is None} == {("a", True): 1, ("b", True): 3}


def test_a_shared_line_follows_the_providers_view_where_it_has_the_key():
    usage = [provider_row(project="a", quantity=5, cost="1"), usage_row(project="b", quantity=5, cost="1")]
    rows = day(usage, [charge_row("3", 5, **SHARED)])
    assert {row.project: (row.cost, row.basis) for row in rows} == {"a": (3, BILLED), "b": (0, BILLED)}


def test_a_shared_line_of_a_channel_without_usage_is_unattributed():
    rows = day([ANA], [charge_row("3", 5, channel="anthropic", model="other", **SHARED)])
    assert {row.project: row.cost for row in rows} == {"chat": Decimal("0.9"), UNATTRIBUTED: 3}


def test_a_line_that_names_an_unknown_project_is_unattributed_not_allocated():
    rows = day([ANA], [charge_row("3", 5, project=None, names_project=True)])
    assert {row.project: (row.cost, row.basis) for row in rows} == {"chat": (Decimal("0.9"), LOG_ESTIMATED), UNATTRIBUTED: (3, BILLED)}


def test_a_shared_credit_of_no_meter_follows_the_bill():
    rows = day([ANA], [charge_row("1", 60), charge_row("-5", category="Credit", meter="unmapped", model=None, **SHARED)])
    assert {(row.project, row.cost) for row in rows} == {("chat", 1), ("chat", -5)}
