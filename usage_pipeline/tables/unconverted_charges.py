"""`unconverted_charges`: bill lines in another currency than the organisation's for which no exchange rate is known. In the lake, by day.

They are in no sum until a rate file has their days' rates and the days are computed again.
"""

from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.schema import Table

unconverted_charges = Table("unconverted_charges", Charge)
