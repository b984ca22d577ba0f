"""Facts in, sentences out on how far the numbers can be trusted: through which day, how much is estimated, what is not in them."""

from collections.abc import Sequence

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.alerts.facts import Facts
from usage_pipeline.tables.budgets import CREDITS, REQUESTS, TOKENS
from usage_pipeline.tables.unpriced import Unpriced, range_words, total_range

NAMES_MAX = 3


COUNTED = {
    TOKENS: "Tokens of successful requests, cached ones included.",
    CREDITS: "Credits as the credit rules count them; requests whose credits are unknown are left out.",
    REQUESTS: "All requests, failed ones included.",
}


def trust_in(facts: Facts, currency: str) -> list[str]:
    """One sentence each for how final it is, the days, the estimate and the unknown."""
    sentences = [_days(facts), _basis(facts)]
    if facts.finality is not None:
        sentences.insert(0, words.in_cents(words.plain_sentence(facts.finality.words), currency))
    if facts.unpriced:
        sentences.append(_unknown(facts.unpriced, currency))
    return sentences


def _days(facts: Facts) -> str:
    if facts.data_through is None:
        return "No costs are known for this period yet."
    so_far = (facts.status.as_of - facts.status.period_start).days + 1
    known = f"Costs are known through {words.day(facts.data_through)}"
    have = "" if facts.status.days_with_data == so_far else f"; {facts.status.days_with_data} of the {so_far} days so far have any"
    return f"{known}{have}."


def _basis(facts: Facts) -> str:
    if facts.status.unit in COUNTED:
        return COUNTED[facts.status.unit]
    share = facts.status.estimated_share
    if share == 0:
        return "All of it is billed by the providers."
    if share >= words.WHOLE:
        return "All of it is estimated from usage; no bill covers it yet."
    return f"{words.percentage(share, words.WHOLE)} of it is estimated from usage, the rest is billed by the providers."


def _unknown(unpriced: Sequence[Unpriced], currency: str) -> str:
    requests, tokens = sum(one.events for one in unpriced), money.total([one.tokens for one in unpriced])
    counted = [f"{requests:,} {'request' if requests == 1 else 'requests'}"] if requests else []
    counted += [f"{tokens:,.0f} tokens"] if tokens else []
    what = " with ".join(counted) or "Some usage"
    names = list(dict.fromkeys(words.plain(one.model) for one in unpriced if one.model is not None))
    left = len(names) - NAMES_MAX
    more = f" and {left} more {'model' if left == 1 else 'models'}" if left > 0 else ""
    of = f" of {', '.join(names[:NAMES_MAX])}{more}" if names else ""
    may_cost = _may_cost(unpriced, currency)
    return f"Not in these amounts: {what}{of}, because no price is known{f': it may cost {may_cost}' if may_cost else ''}."


def _may_cost(unpriced: Sequence[Unpriced], currency: str) -> str:
    """The range of all of it; its condition where that is one for all."""
    low, high = total_range(unpriced)
    conditions = {one.range_if for one in unpriced}
    condition = conditions.pop() if len(conditions) == 1 else None
    return words.plain_sentence(range_words(low, high, condition, lambda amount: words.amount(amount, currency, currency)))
