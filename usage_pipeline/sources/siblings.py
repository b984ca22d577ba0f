"""One account, several exports: a rule for an account in one of them holds in the others, where no rule of theirs says otherwise.

A bill and a usage export of the same provider are views of the same accounts. A rule limited to the bill would leave the usage of
that account without a project, beside a bill that has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from usage_pipeline.tables.configuration import AttributionRule, SourceSpec
from usage_pipeline.tables.source import Source

ACCOUNT_FIELDS = frozenset({"provider_project_id", "workspace_id", "sub_account_id", "api_key_id"})
"""Fields that name an account at the provider, and so the same one in each of its exports."""


def with_siblings(rules: Sequence[AttributionRule], specs: Sequence[SourceSpec], kinds: Mapping[str, Source]) -> list[AttributionRule]:
    """`rules`, and after them, so that they only fill gaps, those for accounts again for the other sources of the same provider."""
    channels = {spec.name: kinds[spec.kind].channel for spec in specs}
    copies = [
        replace(rule, source=name)
        for rule in rules
        if rule.source is not None and rule.field in ACCOUNT_FIELDS and channels.get(rule.source) is not None
        for name, channel in channels.items()
        if name != rule.source and channel == channels[rule.source]
    ]
    return [*rules, *copies]


def place_of(number: int, rules: Sequence[AttributionRule], written: Sequence[AttributionRule]) -> int:
    """The place in usage.yaml (`written`) of rule `number` of `with_siblings(written, ...)`."""
    if number < len(written):
        return number
    of = replace(rules[number], source=None)
    return next(place for place, one in enumerate(written) if one.source is not None and replace(one, source=None) == of)
