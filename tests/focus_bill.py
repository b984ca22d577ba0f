"""A provider's bill in FOCUS beside the small world of our own request log: one account is portal's, lines without one are shared."""

from datetime import date

from tracker_world import CONFIG

HEADER = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,InvoiceIssuerName,ServiceProviderName,ServiceCategory,ServiceName,SubAccountId,SkuMeter,Tags\n"
)
WITH_BILL = CONFIG.replace(
    "sources:\n",
    """\
  - {field: sub_account_id, equals: proj_1, project: portal}
sources:
  - {name: bill, kind: focus, path: "bills/*.csv"}
""",
)


def line(
    amount: str, day: date = date(2026, 10, 1), *, category: str = "Usage", account: str = "", sku: str = "Storage", tags: str = ""
) -> str:
    times = f"2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,{day}T00:00:00Z,{day.replace(day=day.day + 1)}T00:00:00Z"
    return (
        f'{amount},0,org-1,USD,{times},{category},"OpenAI, LLC","OpenAI, LLC",AI and Machine Learning,OpenAI API,{account},{sku},{tags}\n'
    )
