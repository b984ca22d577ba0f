"""Facts in, sentences out on how far the numbers can be trusted: through which day, how much is estimated, what is not in them."""

from usage_pipeline.alerts import words
from usage_pipeline.alerts.facts import Facts, Unpriced

NAMES_MAX = 3


def trust_in(facts: Facts) -> list[str]:
    """One sentence each for the days, the estimate and the unknown."""
    sentences = [_days(facts), _basis(facts)]
    if facts.unpriced:
        sentences.append(_unknown(facts.unpriced))
    return sentences


def _days(facts: Facts) -> str:
    if facts.data_through is None:
        return "No costs are known for this period yet."
    so_far = (facts.status.as_of - facts.status.period_start).days + 1
    known = f"Costs are known through {words.day(facts.data_through)}"
    have = "" if facts.status.days_with_data == so_far else f"; {facts.status.days_with_data} of the {so_far} days so far have any"
    return f"{known}{have}."


def _basis(facts: Facts) -> str:
    if facts.status.unit == words.TOKENS:
        return "Tokens of successful requests, cached ones included."
    share = facts.status.estimated_share
    if share == 0:
        return "All of it is billed by the providers."
    if share >= words.WHOLE:
        return "All of it is estimated from usage; no bill covers it yet."
    return f"{words.percentage(share, words.WHOLE)} of it is estimated from usage, the rest is billed by the providers."


def _unknown(unpriced: Unpriced) -> str:
    counted = [f"{unpriced.requests:,} requests"] if unpriced.requests else []
    counted += [f"{unpriced.tokens:,.0f} tokens"] if unpriced.tokens else []
    what = " with ".join(counted) or "Some usage"
    names = [words.plain(model) for model in unpriced.models if model is not None]
    more = f" and {len(names) - NAMES_MAX} more models" if len(names) > NAMES_MAX else ""
    of = f" of {', '.join(names[:NAMES_MAX])}{more}" if names else ""
    return f"Not in these amounts: {what}{of}, because no price is known."
