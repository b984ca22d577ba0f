"""The close as an asset and a job, so that an engineer can look at a month, and close it, with config in Dagster's UI."""

from typing import Any

import dagster as dg

from usage_pipeline import money
from usage_pipeline.defs.close import check_name, close_month, keep_as_closed, plan_of
from usage_pipeline.defs.close_files import Plan
from usage_pipeline.defs.closed import Closed
from usage_pipeline.defs.finality import table_of
from usage_pipeline.defs.finding_money import finding_document
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import MONTHLY, ONE_RUN, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.publish import publish_all
from usage_pipeline.defs.reports import REPORT
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import month_name
from usage_pipeline.tables.bridge import CAUSES
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.summary import totals


class CloseConfig(dg.Config):
    """`approve`: who approves the close, empty to see what it would do and close nothing. `note`: why, in their words."""

    approve: str = ""
    note: str = ""


@dg.asset(
    key=revisions.name,
    deps=[REPORT],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="reports",
    kinds={"python", "sql", "parquet"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(revisions)},
)
def revisions_asset(context: dg.AssetExecutionContext, config: CloseConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """The month closed for good: inputs, numbers and statements frozen for good as a revision. Without an approver, a preview."""
    if config.approve:
        check_name(config.approve, config.note or None)
    publish_all(workplace)
    metadata: dict[str, Any] = {}
    for month in months_of(context):
        plan = plan_of(workplace, month)
        metadata |= _metadata(plan)
        if plan.blocking and config.approve:
            words = "; ".join(one.words for one in plan.blocking)
            raise dg.Failure(f"{month_name(month)} cannot be closed: {words}", metadata=metadata, allow_retries=False)
        if config.approve:
            closed = _closed(workplace, plan, config)
            metadata["state"] = closed.words if closed else "nothing changed"
            context.log.info("%s: %s", month_name(month), metadata["state"])
        else:
            metadata["state"] = "refused" if plan.blocking else "would close; give config `approve` to close it"
    return dg.MaterializeResult(metadata=metadata)


def _closed(workplace: Workplace, plan: Plan, config: CloseConfig) -> Closed | None:
    """The revision made, or kept where a draft says what was closed; None where there is nothing to do."""
    if plan.is_changed:
        return close_month(workplace, plan, config.approve, config.note or None)
    if plan.previous is not None and plan.previous.is_draft:
        return keep_as_closed(workplace, plan, config.approve, config.note or None)
    return None


def _metadata(plan: Plan) -> dict[str, Any]:
    findings = [finding_document(one) for one in plan.findings]
    causes = [(cause, [one.amount for one in plan.parts if one.cause == cause]) for cause in CAUSES]
    bridge = [{"cause": CAUSES[cause][0], "amount": money.total(amounts)} for cause, amounts in causes if amounts]
    inputs = [{"source": one.source, "file": one.uri, "lines": one.lines, "sha256": one.sha256[:16]} for one in plan.inputs]
    return {
        "month": month_name(plan.month),
        "revision": plan.revision,
        "cost": amount(totals(plan.facts.daily).cost),
        "finality": plan.finality.finality,
        "finality by channel": markdown(table_of(plan.finality)),
        "findings": markdown(findings, ("code", "blocks", "amount", "amount_unknown", "words")),
        "bridge": markdown(bridge),
        "inputs": markdown(inputs),
        "statements": len(plan.facts.finalities),
    }
