"""`usage-pipeline close`: what stands against the close of a month; and, with an approver, the close itself."""

from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars, rounding
from usage_pipeline.defs.close import check_name, close_month, keep_as_closed, plan_of
from usage_pipeline.defs.close_files import Plan
from usage_pipeline.defs.closed import Closed, folder_of
from usage_pipeline.defs.finality import document_of, table_of
from usage_pipeline.defs.finding_money import finding_document, money_words
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.publish import publish_all
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_name
from usage_pipeline.settings import Environment
from usage_pipeline.storage.closed_folder import ASIDE
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.bridge import CAUSES
from usage_pipeline.tables.summary import by, totals

EXIT_FINDINGS = 3
WOULD, DONE, REFUSED, UNCHANGED = "would close", "closed", "refused", "nothing changed"


def run_close(environment: Environment, month: Period, by: str | None, note: str | None, output: Output, *, dry_run: bool) -> int:
    """Show what stands; close where an approver is named and nothing does. Exit code 3 where something stands against it."""
    if by is not None:
        check_name(by, note)
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    with output.progress() as listener, reporting_to(listener):
        publish_all(workplace)
        plan = plan_of(workplace, month)
        state, closed = WOULD, None
        if plan.blocking:
            state = REFUSED
        elif not plan.is_changed:
            state = UNCHANGED
            closed = keep_as_closed(workplace, plan, by, note) if by and not dry_run and plan.previous and plan.previous.is_draft else None
        elif by is not None and not dry_run:
            state, closed = DONE, close_month(workplace, plan, by, note)
    if output.as_json:
        output.document(_document(plan, state, closed, home))
    else:
        _show(plan, state, closed, home, output, dry_run=dry_run)
    return EXIT_FINDINGS if plan.blocking else 0


def _document(plan: Plan, state: str, closed: Closed | None, home: Home) -> dict[str, Any]:
    sums = totals(plan.facts.daily)
    revision = plan.revision if plan.is_changed or plan.previous is None else plan.previous.revision.revision
    return {
        "month": month_name(plan.month),
        "revision": revision,
        "state": state,
        "currency": plan.facts.organisation.currency,
        "totals": {
            "cost": money.text(sums.cost),
            "billed_cost": money.text(sums.cost_billed),
            "estimated_cost": money.text(sums.cost_estimated),
            "previous_revision": None if plan.previous is None else money.text(plan.previous.revision.cost),
        },
        "finality": document_of(plan.finality),
        "bridge": {
            cause: money.text(money.total([one.amount for one in plan.parts if one.cause == cause]))
            for cause in CAUSES
            if any(one.cause == cause for one in plan.parts)
        },
        "findings": [finding_document(one) for one in plan.findings],
        "inputs": [one.document() for one in plan.inputs],
        "statements": list(plan.facts.finalities),
        "folder": folder_of(home, plan.month).of(revision).relative_to(home.root).as_posix(),
        "manifest": closed and closed.revision.manifest_hash,
        "approved_by": closed and closed.revision.approved_by,
    }


def _show(plan: Plan, state: str, closed: Closed | None, home: Home, output: Output, *, dry_run: bool) -> None:
    name, currency = month_name(plan.month), plan.facts.organisation.currency
    show_finality(plan, output)
    output.heading(f"Cost of {name}, {currency}")
    sums = totals(plan.facts.daily)
    groups = by(plan.facts.daily, "project")
    rest = rounding((group.cost for group in groups), sums.cost)
    output.table(
        ("project", "cost"),
        [
            *((group.key, dollars(group.cost)) for group in groups),
            *([("rounding", rest)] if rest else []),
            ("total", dollars(sums.cost)),
            ("exactly", money.text(sums.cost)),
        ],
        numbers=("cost",),
    )
    if plan.previous is not None:
        one = plan.previous.revision
        output.say(f"{plan.previous.words}, at {money.text(one.cost)}; now {money.text(sums.cost)}.")
        _show_bridge(plan, currency, output)
    size = sum(one.size_bytes for one in plan.inputs)
    output.say(f"{len(plan.inputs):,} input files ({size:,} bytes), {len(plan.facts.finalities)} statements.")
    if dry_run:
        _show_files(plan, home, output, is_written=state != UNCHANGED)
    _show_findings(plan, currency, output)
    _say_what_next(plan, state, closed, home, output)


def _show_bridge(plan: Plan, currency: str, output: Output) -> None:
    """Why the numbers are others than the closed ones."""
    if not plan.parts:
        return
    output.heading(f"From revision {plan.revision - 1} to {plan.revision}, {currency}")
    sums = [(name, money.total([one.amount for one in plan.parts if one.cause == cause])) for cause, (name, _) in CAUSES.items()]
    difference = money.total([amount for _, amount in sums])
    told = [(name, money.text(amount)) for name, amount in sums if any(CAUSES[one.cause][0] == name for one in plan.parts)]
    output.table(("cause", "amount"), [*told, ("difference", money.text(difference))], numbers=("amount",))


def show_finality(plan: Plan, output: Output) -> None:
    """The month's state and each channel's, with the reasons."""
    found = plan.finality
    output.heading(f"{month_name(plan.month)}: {found.finality}")
    for words in found.reasons:
        output.say(f"  {words}")
    output.table(
        ("channel", "finality", "billed", "estimated", ""),
        [(one["channel"], one["finality"], dollars(one["billed"]), dollars(one["estimated"]), one["why"]) for one in table_of(found)],
        numbers=("billed", "estimated"),
    )


def _show_files(plan: Plan, home: Home, output: Output, *, is_written: bool) -> None:
    output.heading("Inputs")
    output.table(
        ("source", "file", "lines", "bytes", "SHA-256"),
        [(one.source, one.uri, one.lines, one.size_bytes, f"{one.sha256[:16]}…") for one in plan.inputs],
        numbers=("lines", "bytes"),
    )
    if not is_written:
        return
    output.heading("Would be written")
    folder = folder_of(home, plan.month).of(plan.revision)
    output.say(f"{folder}: manifest, tables, usage.yaml, price books, and statement.pdf, .csv, .xlsx and .json of")
    for scope in plan.facts.finalities:
        output.say(f"  {scope}")


def _show_findings(plan: Plan, currency: str, output: Output) -> None:
    if plan.blocking:
        output.heading("Against the close")
    for one in plan.findings:
        risk = f" [{money_words(one, currency)}]"
        if one.blocks:
            output.say(f"- {one.code}{risk}: {one.words}")
        else:
            output.warn(f"{one.words}{risk}")


def _say_what_next(plan: Plan, state: str, closed: Closed | None, home: Home, output: Output) -> None:
    name = month_name(plan.month)
    output.say()
    match state:
        case "refused":
            count = len(plan.blocking)
            output.say(f"{name} cannot be closed: {count} {'finding stands' if count == 1 else 'findings stand'} against it.")
        case "nothing changed":
            output.say(f"Nothing changed: the numbers of {name} are those of revision {plan.revision - 1}. No revision was made.")
        case "closed" if closed is not None:
            folder = folder_of(home, plan.month).of(closed.revision.revision)
            output.say(f"{closed.words}. Frozen in {folder}, manifest {closed.revision.manifest_hash}.")
            output.say(f"`usage-pipeline verify {name}` proves it, on any day.")
            for aside in sorted(folder.parent.glob(f"{ASIDE}*")):
                output.warn(f"{aside} is a whole revision that this database does not know: it is kept, and counts nowhere.")
        case _:
            output.say(f"Nothing stands against it. To close: usage-pipeline close {name} --approve NAME")
