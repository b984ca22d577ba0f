"""The money at risk by a finding, in words: how much, or why nobody can know it. A finding in, its words or its JSON out."""

from typing import Any

from usage_pipeline import money
from usage_pipeline.defs.finding import Finding

WHY_NOT_KNOWN: dict[str, str] = {
    "source_unreadable": "what lies in it was never read",
    "missing_days": "what was used and billed on those days was never read",
    "days_not_read_anew": "whether anything changed on those days is what another run asks",
    "days_missing": "no file says what was used or billed on those days",
    "unpriced": "no price is known by which such usage could be reckoned",
    "newer_catalog": "`usage-pipeline prices adopt --dry-run` reckons it",
    "no_data": "nothing was ever read that would tell",
    "stale_source": "what was used or billed since its newest data was never read",
    "replaced_accounts": "what the replaced lines said is no longer kept",
    "replaced_hours": "what the replaced hours cost is no longer kept",
    "not_excluded": "which lines both files hold is not known any more",
    "nothing_excluded": "the pattern names no file, so no line",
    "missing_rate": "without a rate the lines are worth nothing that could be said in the reporting currency",
    "rejected_bill_lines": "an amount that cannot be read cannot be added up",
    "rejected_usage_lines": "usage that cannot be read cannot be priced",
    "kind_changed": "the lines have to be read as the other kind first",
    "not_reproducible": "which of the two is right is not known",
    "month_not_over": "the days to come have no cost yet",
    "closed_month_revised": "what the closed revision froze cannot be read: `usage-pipeline verify` tells why",
    "no_costs": "nothing was computed yet",
    "not_summed": "which of the two sums is right is not known",
    "input_missing": "the numbers stand; what is lost is their proof",
}
"""By a finding's code."""
OTHERWISE = "nothing that was read tells"


def why_not_known(one: Finding) -> str | None:
    """Why a finding has no amount; None where it has one."""
    return None if one.amount is not None else WHY_NOT_KNOWN.get(one.code, OTHERWISE)


def money_words(one: Finding, currency: str) -> str:
    """'12.30 USD at risk' or 'money at risk not known: …'."""
    if one.amount is not None:
        return f"{money.text(one.amount)} {currency} at risk"
    return f"money at risk not known: {why_not_known(one)}"


def finding_document(one: Finding) -> dict[str, Any]:
    """The finding in JSON; of an amount that nobody knows, why."""
    amount = None if one.amount is None else money.text(one.amount)
    return {
        "code": one.code,
        "blocks": one.blocks,
        "count": one.count,
        "amount": amount,
        "amount_unknown": why_not_known(one),
        "words": one.words,
    }
