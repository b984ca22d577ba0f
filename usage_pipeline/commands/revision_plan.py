"""What `run --revise` would touch of closed months, in words and in JSON."""

from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.revision_plan import RevisionPlan, revision_plan
from usage_pipeline.defs.unread import unread_files
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, months_in
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.bridge import CAUSES


def run_plan(environment: Environment, days: Period, output: Output) -> int:
    """`run --revise --plan`: show it; nothing is read, computed or sent."""
    workplace = Workplace(home_folder=str(prepare(Home(environment.home)).root), config_file=str(environment.config_file))
    plans = plans_of(workplace, days, output)
    unread = unread_files(workplace)
    if output.as_json:
        output.document({"plans": [_document(one) for one in plans], **unread.document()})
    else:
        for one in plans:
            show_plan(one, output)
        if not plans:
            output.say(f"No month from {days.start} to {days.last} is closed: a run touches no closed number.")
        for words in unread.words(days):
            output.warn(words)
    return 0


def touches_closed(workplace: Workplace, days: Period) -> bool:
    """Whether any month of the range is closed."""
    closed = closed_months(workplace.database())
    return any(month.start in closed for month in months_in(days))


def plans_of(workplace: Workplace, days: Period, output: Output) -> list[RevisionPlan]:
    """One for each closed month of the range."""
    closed = closed_months(workplace.database())
    with output.progress() as listener, reporting_to(listener):
        return [revision_plan(workplace, closed[month.start]) for month in months_in(days) if month.start in closed]


def show_plan(plan: RevisionPlan, output: Output) -> None:
    closed = plan.closed
    output.heading(f"{closed.words}. Computing it again, of the files read so far, would change it by {money.text(plan.difference)}")
    for cause, (name, _) in CAUSES.items():
        amounts = [one.amount for one in plan.parts if one.cause == cause]
        if amounts:
            output.say(f"  {name}: {money.text(money.total(amounts))}")
    for one in plan.changed:
        output.say(f"  since the close: {one}")
    if not plan.parts:
        output.say("  nothing: what was read says what was closed")
    if plan.statements:
        output.table(
            ("statement", "closed", "would be", "difference"),
            [(f"{one.period} {one.scope}", one.before, one.after, one.after - one.before) for one in plan.statements],
            numbers=("closed", "would be", "difference"),
        )
    if plan.budgets:
        output.table(
            ("budget", "period from", "limit", "spent", "would be", "unit", "reaches, %"),
            [
                (
                    one.budget_id,
                    one.period_start,
                    one.limit,
                    one.before,
                    one.after,
                    one.unit,
                    ", ".join(map(money.text, one.crossed)) or None,
                )
                for one in plan.budgets
            ],
            numbers=("limit", "spent", "would be"),
        )
    for name in plan.compared:
        output.say(f"The statements of {name} compare with it, once revision {closed.revision.revision + 1} is closed.")
    for gone in plan.gone:
        output.warn(gone.words)
    output.say(f"Mails: none. {plan.alerts} alerts would have been due then; alerts of a closed month are never sent.")
    output.say(f"Revision {closed.revision.revision} and its files stay as they are.")


def _document(plan: RevisionPlan) -> dict[str, Any]:
    causes = {cause: [one.amount for one in plan.parts if one.cause == cause] for cause in CAUSES}
    return {
        "month": plan.closed.name,
        "revision": plan.closed.revision.revision,
        "difference": money.text(plan.difference),
        "by_cause": {cause: money.text(money.total(amounts)) for cause, amounts in causes.items() if amounts},
        "statements": [
            {"period": one.period, "scope": one.scope, "before": money.text(one.before), "after": money.text(one.after)}
            for one in plan.statements
        ],
        "budgets": [
            {
                "budget_id": one.budget_id,
                "period_start": one.period_start.isoformat(),
                "unit": one.unit,
                "limit": money.text(one.limit),
                "before": money.text(one.before),
                "after": money.text(one.after),
                "reaches": [money.text(percent) for percent in one.crossed],
            }
            for one in plan.budgets
        ],
        "compared_by": list(plan.compared),
        "alerts": plan.alerts,
        "mails": [],
        "changed_since": list(plan.changed),
        "inputs_gone": [one.words for one in plan.gone],
    }
