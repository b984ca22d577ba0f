"""What to do about an alert that no budget's figures tell of, by its rule, in a sentence or two."""

from usage_pipeline.tables.alerts import Alert

MENDS: dict[str, str] = {
    "anomaly": "Ask who runs the project whether this was meant. If not, stop the job that did it; if so, nothing is to be done: it is told"
    " once.",
    "unpriced": "Add the price to usage.yaml under prices, or an alias where it is another name of a known model; the days concerned are"
    " priced again by themselves.",
    "stale_source": "See that the export or the job that writes the files still runs, and that its files land where usage.yaml says. Until"
    " then budgets show less than was spent.",
    "reconciliation_gap": "Finance should look before the month is closed: `usage-pipeline reconcile` shows the days and the models, and"
    " what each difference may be.",
    "wallet_low": "Recharge the wallet, or agree on less use until the next grant.",
    "request_limit": "Look at the prompts and tools of these operations: shorten what is sent, or raise the limit in usage.yaml where it is"
    " meant.",
}


def mend_of(alert: Alert) -> str:
    """Empty for a rule of which nothing is known."""
    return MENDS.get(alert.rule, "")
