"""Bills as files, read and turned into charges as a run does it, without the rest of a run: what findings are about."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.usage import rows_for
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.attribution import attribute
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedFile

HEAD = "organisation: {name: Example Org, currency: USD}\nprojects: [{id: portal, name: Portal}]\nsources:\n"
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
MOMENT = datetime(2026, 11, 3, 9, tzinfo=UTC)

AZURE = (
    "BillingAccountId,BillingPeriodStartDate,SubscriptionId,SubscriptionName,Date,MeterCategory,MeterName,Product,Quantity,EffectivePrice,"
    "Cost,BillingCurrency,UnitOfMeasure,ChargeType,PricingModel"
)
AWS = (
    "line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,line_item_usage_account_id,line_item_product_code,"
    "line_item_usage_type,line_item_line_item_description,line_item_usage_amount,pricing_unit,line_item_unblended_cost,"
    "line_item_currency_code,line_item_resource_id,bill_billing_entity,bill_payer_account_id,bill_billing_period_start_date,"
    "bill_billing_period_end_date"
)


def azure_bill(*lines: tuple[int, str, str], account: str = "8611000", subscription: str = "sub-1") -> str:
    """(day of October, meter, cost) a line."""
    rows = [
        f"{account},10/01/2026,{subscription},{subscription},10/{day:02}/2026,Foundry Models,{meter},{meter},1,{cost},{cost},USD,1,Usage,"
        "OnDemand"
        for day, meter, cost in lines
    ]
    return "\n".join([AZURE, *rows]) + "\n"


def aws_bill(*lines: tuple[int, str], payer: str = "110987654321", account: str = "210987654321") -> str:
    """(day of October, cost) a line."""
    rows = [
        f"Usage,2026-10-{day:02} 03:00:00,2026-10-{day:02} 04:00:00,{account},AmazonBedrock,USE1-line-{number},line {number},1,Units,"
        f"{cost},USD,,AWS,{payer},2026-10-01,2026-11-01"
        for number, (day, cost) in enumerate(lines)
    ]
    return "\n".join([AWS, *rows]) + "\n"


class Bills:
    """A home with its sources; an hour passes with every reading."""

    def __init__(self, folder: Path, *sources: str) -> None:
        self.folder, self.hours = folder, 0
        self.config = folder / "usage.yaml"
        self.configure(*sources)
        home = prepare(Home(folder / "home"))
        self.workplace = Workplace(home_folder=str(home.root), config_file=str(self.config))
        self.engine = self.workplace.engine()

    def configure(self, *sources: str) -> None:
        self.config.write_text(HEAD + "".join(f"  - {{{one}}}\n" for one in sources))

    def land(self, name: str, text: str, hours: float) -> None:
        """A file written so many hours after MOMENT."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.touch(name, hours)

    def touch(self, name: str, hours: float) -> None:
        os.utime(self.folder / name, ((MOMENT + timedelta(hours=hours)).timestamp(),) * 2)

    def read(self, days: Period = OCTOBER) -> list[IngestedFile]:
        """Read what is new, as the patterns say, and work out the bills of `days`."""
        self.hours += 1
        settings, read = self.settings, []
        for spec in settings.sources:
            place: dict[str, Any] = {"lake": self.lake, "database": self.database, "engine": self.engine, "exclude": spec.exclude}
            stage = self.workplace.home.scratch / "stage"
            now = MOMENT + timedelta(days=10, hours=self.hours)
            read += ingest(spec.name, SOURCES[spec.kind], spec.path, stage=stage, now=now, landing=self.workplace.landing(), **place)
        rows = attribute(rows_for(days, charges, lake=self.lake, database=self.database), settings.attribution, settings.projects)
        self.lake.replace(charges, rows, list(days.days()), day_column="period_start")
        return read

    @property
    def settings(self) -> Settings:
        return self.workplace.settings()

    @property
    def database(self) -> Database:
        return self.workplace.database()

    @property
    def lake(self) -> Lake:
        return self.workplace.lake(self.engine)

    def billed(self) -> Any:
        """The bill of October."""
        return self.lake.engine.to_pyarrow(self.lake.read(charges, OCTOBER).billed_cost.sum()).as_py()
