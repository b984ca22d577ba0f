"""The shape of credit wallets."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from usage_pipeline.settings.shape import Day, Identifier, NotNegative, Positive, Section, Word, given
from usage_pipeline.settings.shape_words import word, wrong

HOLDERS = ("project", "team", "client")


def _flag(value: Any) -> bool:
    if (text := word(value)) not in {"true", "false"}:
        raise wrong(f"{text!r} is neither true nor false")
    return text == "true"


class RechargeShape(Section):
    """How much is asked for, who may approve it, and whether it is asked for by itself where the wallet runs low."""

    amount: Positive
    approve: list[Word] = Field(default=[])
    automatic: Annotated[bool, BeforeValidator(_flag)] = False


class WalletShape(Section):
    """A wallet of credits or of the reporting currency; without a holder it is the organisation's."""

    id: Identifier
    project: Word | None = None
    team: Word | None = None
    client: Word | None = None
    unit: Word
    low: NotNegative | None = None
    recharge: RechargeShape | None = None
    first_day: Day | None = Field(default=None, alias="from")
    entries: Word | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> "WalletShape":
        named = given(self, *HOLDERS)
        if len(named) > 1:
            raise wrong(f"a wallet is of one {' or '.join(named)}, not both")
        if self.recharge and self.recharge.automatic and self.low is None:
            raise wrong("recharge.automatic asks when the wallet runs low: say low, the balance at which it is, such as low: 500")
        return self
