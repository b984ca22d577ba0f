"""The shape of credit wallets."""

from pydantic import Field, model_validator

from usage_pipeline.settings.shape import Day, Identifier, NotNegative, Positive, Section, Word, given
from usage_pipeline.settings.shape_words import wrong

HOLDERS = ("project", "team", "client")


class RechargeShape(Section):
    """How much is asked for, and who may approve it."""

    amount: Positive
    approve: list[Word] = Field(default=[])


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
        return self
