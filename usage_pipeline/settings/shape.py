"""The shape of usage.yaml: its keys, and what each may hold. What keys say of each other is in `consistency.py`."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from usage_pipeline.money import SCALE, exact
from usage_pipeline.settings.shape_api import Url, Variable
from usage_pipeline.settings.shape_words import word as _word
from usage_pipeline.settings.shape_words import wrong as _wrong
from usage_pipeline.tables.configuration import ATTRIBUTION_FIELDS, LARGEST_UNIT_PRICE
from usage_pipeline.tables.grades import STEPS
from usage_pipeline.tables.labels import LONGEST_KEY
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.rates import REASONING

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RESERVED = ("unattributed", "organisation")
TAG = "tag."
VALUE = "{value}"
DEFAULT_THRESHOLDS = (Decimal(75), Decimal(90), Decimal(100))

READ_AGAIN_DAYS, READ_AGAIN_DAYS_MAX = 7, 92

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[+-]?(\d+(_\d+)*)?(\.\d+(_\d+)*)?([eE][+-]?\d+)?")
_MAIL = re.compile(r"[^@\s,;<>\"()]+@[^@\s,;<>\"()]+\.[^@\s,;<>\"().]+")
_DIGITS = 38 - SCALE


def _identifier(value: Any) -> str:
    word = _word(value)
    if not IDENTIFIER.fullmatch(word):
        raise _wrong(f"{word!r} is no id: 1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit")
    return word


def _project(value: Any) -> str:
    word = _identifier(value)
    if word in RESERVED:
        raise _wrong(f"{word!r} has a meaning of its own; choose another id")
    return word


def _mail(value: Any) -> str:
    word = _word(value)
    if not _MAIL.fullmatch(word):
        raise _wrong(f"{word!r} is no mail address, such as ana@example.org")
    return word


def _currency(value: Any) -> str:
    word = _word(value)
    if not re.fullmatch(r"[A-Z]{3}", word):
        raise _wrong(f"{word!r} is no currency: three capital letters (ISO 4217), such as USD")
    return word


def _number(value: Any) -> Decimal:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()) or not any(one.isdigit() for one in value):
        raise _wrong("a number is needed here" if not isinstance(value, str) else f"{value!r} is not a number, such as 0.000020")
    number = Decimal(value.strip())
    if number.adjusted() >= _DIGITS:
        raise _wrong(f"{value} is too large")
    if number != exact(number):
        raise _wrong(f"{value} has more than {SCALE} decimals")
    return number


def _positive(value: Any) -> Decimal:
    number = _number(value)
    if number <= 0:
        raise _wrong(f"{value} is not above 0")
    return number


def _not_negative(value: Any) -> Decimal:
    number = _number(value)
    if number < 0:
        raise _wrong(f"{value} is negative")
    return number


def _unit_price(value: Any) -> Decimal:
    number = _not_negative(value)
    if number > LARGEST_UNIT_PRICE:
        raise _wrong(f"{value} is too large: at most {LARGEST_UNIT_PRICE:,} per unit")
    return number


def _discount(value: Any) -> Decimal:
    number = _number(value)
    if number < 0:
        raise _wrong(f"{value} percent off would be a markup: use markup_percent: {number.copy_abs():f}")
    if number > 100:  # noqa: PLR2004
        raise _wrong(f"{value} percent off is more than the price")
    return number


def _percent(value: Any) -> Decimal:
    number = _not_negative(value)
    if number > 100:  # noqa: PLR2004
        raise _wrong(f"{value} is more than 100 percent")
    return number


def _days(value: Any) -> int:
    number = _not_negative(value)
    if number != number.to_integral_value():
        raise _wrong(f"{value} is no whole number of days")
    return int(number)


def whole_number(value: Any) -> int:
    """A whole number above 0."""
    number = _positive(value)
    if number != number.to_integral_value():
        raise _wrong(f"{value} is no whole number")
    return int(number)


def _read_again(value: Any) -> int:
    days = _days(value)
    if days > READ_AGAIN_DAYS_MAX:
        raise _wrong(f"{value} is too many: at most {READ_AGAIN_DAYS_MAX} days are read anew with every run")
    return days


def _day(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _wrong(f"{value} is not a day of the calendar") from None
    raise _wrong(f"{value!r} is not a day, such as 2026-10-01")


def _field(value: Any) -> str:
    word = _word(value)
    if word not in ATTRIBUTION_FIELDS and not (word.startswith(TAG) and len(word) > len(TAG)):
        raise _wrong(f"{word!r} is none of the fields {', '.join(ATTRIBUTION_FIELDS)}, {TAG}<key>")
    return word


def _tag_key(value: Any) -> str:
    key = _word(value)
    if key.startswith(TAG):
        raise _wrong(f"{key!r} is how a rule calls it; the key itself is {key.removeprefix(TAG)!r}")
    if len(key) > LONGEST_KEY:
        raise _wrong(f"a key has at most {LONGEST_KEY} characters")
    return key


def _meter(value: Any) -> str:
    word = _word(value)
    if word not in (*METER_NAMES, REASONING, REQUESTS):
        raise _wrong(f"{word!r} is none of the meters {', '.join((*METER_NAMES, REASONING, REQUESTS))}")
    return word


def _rising(value: Any) -> Any:
    if isinstance(value, list):
        try:
            numbers = [_number(one) for one in value]
        except PydanticCustomError:
            return value  # told item by item
        if not numbers:
            raise _wrong("it is empty; leave it out for 75, 90, 100")
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise _wrong(f"{', '.join(value)} do not rise")
    return value


def _steps(steps: tuple[Decimal, Decimal, Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    if sorted(steps) != list(steps):
        raise _wrong("the most per cent for A, B and C, each no less than the one before, such as [2, 5, 20]")
    return steps


Word = Annotated[str, BeforeValidator(_word)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
ProjectId = Annotated[str, BeforeValidator(_project)]
Mail = Annotated[str, BeforeValidator(_mail)]
Positive = Annotated[Decimal, BeforeValidator(_positive)]
Day = Annotated[date, BeforeValidator(_day)]
NotNegative = Annotated[Decimal, BeforeValidator(_not_negative)]
UnitPrice = Annotated[Decimal, BeforeValidator(_unit_price)]
Discount = Annotated[Decimal, BeforeValidator(_discount)]
Percent = Annotated[Decimal, BeforeValidator(_percent)]
Steps = Annotated[tuple[Percent, Percent, Percent], AfterValidator(_steps)]
TagKey = Annotated[str, BeforeValidator(_tag_key)]
Meter = Annotated[str, BeforeValidator(_meter)]
Days = Annotated[int, BeforeValidator(_days)]
ReadAgain = Annotated[int, BeforeValidator(_read_again)]
Thresholds = Annotated[list[Positive], BeforeValidator(_rising)]
Currency = Annotated[str, BeforeValidator(_currency)]


class Section(BaseModel):
    """A mapping whose keys are all declared. A key without a value is as good as absent, unless it is one of `nulls`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    nulls: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, value: Any) -> Any:
        return {key: one for key, one in value.items() if one is not None or key in cls.nulls} if isinstance(value, dict) else value


class RuleShape(Section):
    """An attribution rule. `equals: null` asks for absence; without `equals` any value will do."""

    nulls: ClassVar[tuple[str, ...]] = ("equals",)

    field: Annotated[str, BeforeValidator(_field)]
    project: Word
    source: Word | None = None
    equals: Word | None = None


class ApiShape(Section):
    """An admin API; what is not said is the provider's. `days` are read anew with every run."""

    url: Url | None = None
    key: Variable | None = None
    days: ReadAgain = READ_AGAIN_DAYS


class SourceShape(Section):
    """A source of files (`path`) or one that is pulled (`api`); files that `exclude` matches are none of it.

    `tags` are the only keys of labels and metadata that are kept of its lines.
    """

    name: Identifier
    kind: Word
    path: Word | None = None
    api: ApiShape | None = None
    exclude: list[Word] = []
    tags: list[TagKey] | None = None


class VolumeTierShape(Section):
    """The price of the units above `above` in the period."""

    above: NotNegative
    unit_price: UnitPrice | None = None
    discount_percent: Discount | None = None
    markup_percent: Positive | None = None

    @model_validator(mode="after")
    def _one_price(self) -> "VolumeTierShape":
        if len(given(self, *PRICES[:3])) != 1:
            raise _wrong(f"a tier has exactly one of {', '.join(PRICES[:3])}")
        return self


PRICES = ("unit_price", "discount_percent", "markup_percent", "tiers")


class AgreementShape(Section):
    """An agreed price: a unit price of a meter, a discount or a markup, or tiers by the volume of a period."""

    provider: Word
    model: Word | None = None
    meter: Meter | None = None
    project: Word | None = None
    account: Word | None = None
    unit_price: UnitPrice | None = None
    discount_percent: Discount | None = None
    markup_percent: Positive | None = None
    tiers: list[VolumeTierShape] | None = None
    per: Literal["month", "quarter", "year"] | None = None
    other_meters: Literal["list", "in_proportion"] | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    source: Word | None = None

    @model_validator(mode="after")
    def _one_price(self) -> "AgreementShape":
        if len(given(self, *PRICES)) != 1:
            raise _wrong(f"an agreement has exactly one of {', '.join(PRICES)}")
        if self.meter is None and (self.unit_price is not None or any(tier.unit_price is not None for tier in self.tiers or ())):
            raise _wrong("a unit_price needs a meter: the price of one unit of what?")
        return self

    @model_validator(mode="after")
    def _tiers_and_others(self) -> "AgreementShape":
        starts = [tier.above for tier in self.tiers or ()]
        if self.tiers is not None and (not starts or starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts))):
            raise _wrong("the first tier has above: 0 and each next one more: [{above: 0, ...}, {above: 100000000, ...}]")
        if self.per is not None and self.tiers is None:
            raise _wrong("per says over which period tiers count: it needs tiers")
        if self.other_meters is not None and self.unit_price is None:
            raise _wrong("other_meters says what a unit_price does to the model's other meters: it needs a unit_price")
        return self

    @model_validator(mode="after")
    def _dates(self) -> "AgreementShape":
        in_order(self.valid_from, self.valid_to)
        return self


class AliasShape(Section):
    """A model text as the usage has it, and the catalog's model that it stands for."""

    name: Word
    model: Word
    provider: Word | None = None
    model_provider: Word | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> "AliasShape":
        in_order(self.valid_from, self.valid_to)
        return self


class CreditRuleShape(Section):
    """Credits a request, or a unit of the reporting currency."""

    credits: NotNegative
    per: Literal["request", "currency"] = "request"
    operation: Word | None = None
    model: Word | None = None
    provider: Word | None = None
    project: Word | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _dates(self) -> "CreditRuleShape":
        in_order(self.valid_from, self.valid_to)
        return self


class GradesShape(Section):
    """Of each measure the most per cent for A, B and C."""

    unpriced: Steps = STEPS["unpriced"]
    unexplained: Steps = STEPS["unexplained"]
    unattributed: Steps = STEPS["unattributed"]
    estimated: Steps = STEPS["estimated"]
    counted_twice: Steps = STEPS["counted_twice"]
    missing_days: Steps = STEPS["missing_days"]
    rejected_lines: Steps = STEPS["rejected_lines"]
    stale_sources: Steps = STEPS["stale_sources"]


class UnattributedShape(Section):
    """Who looks after cost of no project; finance where nobody is named."""

    owners: list[Mail] = Field(default=[])


class LimitsShape(Section):
    """What may stand when a period closes, and what a statement's grade allows."""

    unpriced_percent: Percent = Decimal(0)
    unexplained_percent: Percent = Decimal(1)
    stale_days: Days = 3
    missing_days: Days = 0
    grades: GradesShape = GradesShape()


def given(shape: BaseModel, *names: str) -> list[str]:
    return [name for name in names if getattr(shape, name) is not None]


def in_order(valid_from: date | None, valid_to: date | None) -> None:
    if valid_from and valid_to and valid_to <= valid_from:
        raise _wrong(f"valid_to {valid_to} is not after valid_from {valid_from}")
