"""The shapes of usage.yaml's sections for the book: `allocation`, `currencies`, `journal`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from usage_pipeline.settings.shape import TAG, Day, Identifier, Positive, Section, Word
from usage_pipeline.settings.shape_words import word, wrong
from usage_pipeline.tables.charges import CATEGORIES
from usage_pipeline.tables.shared_costs import LINE_FIELDS


def _lines(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict) or not value:
        raise wrong("say which lines of bills it is for, such as {channel: openai, category: Purchase}")
    return {_line_field(key): _values(key, one) for key, one in value.items()}


def _line_field(value: Any) -> str:
    name = word(value)
    if name not in LINE_FIELDS and not (name.startswith(TAG) and len(name) > len(TAG)):
        raise wrong(f"{name!r} is none of the fields {', '.join(LINE_FIELDS)}, {TAG}<key>")
    return name


def _values(key: str, value: Any) -> list[str]:
    values = [word(one) for one in (value if isinstance(value, list) else [value])]
    if not values:
        raise wrong(f"{key} has no value")
    unknown = [one for one in values if one not in CATEGORIES] if key == "category" else []
    if unknown:
        raise wrong(f"category {unknown[0]!r} is none of {', '.join(CATEGORIES)}")
    return values


class SharedCostShape(Section):
    """A rule for shared cost: seats, provisioned throughput, storage."""

    name: Identifier
    lines: Annotated[dict[str, list[str]], BeforeValidator(_lines)]
    method: Literal["even", "weighted", "by_usage", "unattributed"]
    projects: list[Word] | None = None
    weights: dict[str, Positive] | None = None
    channels: list[Word] | None = None
    over: Literal["day", "month"] | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _what_belongs_to_the_method(self) -> "SharedCostShape":
        if (self.weights is None) == (self.method == "weighted"):
            raise wrong("method weighted needs weights, such as {search: 3, portal: 1}; no other method has any")
        if self.projects is not None and self.method in {"weighted", "unattributed"}:
            raise wrong(f"method {self.method} has no projects" + (": weights name them" if self.weights else ""))
        if self.method != "by_usage" and (self.channels is not None or self.over is not None):
            raise wrong("channels and over say whose usage counts: they need method by_usage")
        if self.projects is not None and not self.projects:
            raise wrong("projects is empty; leave it out for all of them")
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise wrong(f"valid_to {self.valid_to} is not after valid_from {self.valid_from}")
        return self


class CurrenciesShape(Section):
    """Where the exchange rates are."""

    rates: Word


class JournalShape(Section):
    """The ledger's accounts."""

    expense_account: Word
    accrual_account: Word
    cost_center: Word | None = None
