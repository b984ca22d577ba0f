"""`usage-pipeline reconcile`: where bill, the provider's count and logs differ, why, and what would mend it. Changes nothing."""

from usage_pipeline.commands.output import Output
from usage_pipeline.commands.reconcile_document import document_of
from usage_pipeline.commands.reconcile_mends import Mend, mends, with_effects
from usage_pipeline.commands.reconcile_sums import Answer
from usage_pipeline.commands.reconcile_words import show
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.reconcile_invoices import invoice_lines
from usage_pipeline.defs.reconcile_tried import reconciled_with
from usage_pipeline.defs.reconciled_closed import as_they_were_closed
from usage_pipeline.defs.reconciliations import reconciled
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.settings import Environment
from usage_pipeline.settings.tried import with_line
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.usage_events import usage_events

EXIT_FINDINGS = 3
TRIED_EVENTS_MOST = 1_000_000
"""Of more usage than this no mend is tried unasked: each prices all of it anew."""


def run_reconcile(environment: Environment, days: Period, output: Output, *, channel: str | None, line: str | None) -> int:
    """Print; answer 3 where more is unexplained than may stand when the period closes."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    settings = workplace.settings()
    tried = None if line is None else with_line(environment.config_file, line, landing=home.landing.absolute())
    with output.progress() as listener:
        listener("reconciling", 0, 0)
        now = as_they_were_closed(workplace, reconciled(workplace, days), days)
        then = None if tried is None else reconciled_with(workplace, tried, days)
        found = _of(now, channel, days)
        proposed = _proposed(environment, workplace, found, days, is_tried=line is None)
    answer = Answer(
        days=days,
        now=found,
        then=None if then is None else _of(then, channel, days),
        line=line,
        currency=settings.organisation.currency,
        limit=settings.limits.unexplained_percent,
        mends=proposed,
        invoices=invoice_lines(workplace, days, channel=channel),
    )
    if output.as_json:
        output.document(document_of(answer))
    else:
        show(answer, output)
    return EXIT_FINDINGS if answer.unexplained_percent > answer.limit else 0


def _proposed(environment: Environment, workplace: Workplace, found: Reconciled, days: Period, *, is_tried: bool) -> list[Mend]:
    """What would mend it, the dearest with their effect; without where another line is tried, or there is very much usage."""
    proposed = mends(found)
    if not is_tried or not any(one.is_line for one in proposed):
        return proposed
    engine = workplace.engine()
    if engine.to_pyarrow(workplace.lake(engine).read(usage_events, days).count()).as_py() > TRIED_EVENTS_MOST:
        return proposed
    landing = workplace.home.landing.absolute()
    return with_effects(
        proposed, found, lambda line: reconciled_with(workplace, with_line(environment.config_file, line, landing=landing), days)
    )


def _of(found: Reconciled, channel: str | None, days: Period) -> Reconciled:
    """Only the rows of `channel`. Raises UsageConfigError where there are none, with what there is."""
    known = sorted({row.channel for row in found.cells})
    if channel is not None and channel not in known:
        listed = ", ".join(known) or "nothing at all"
        raise UsageConfigError(f"--channel {channel}: nothing was billed or used there from {days.start} to {days.last}; there is {listed}")
    return Reconciled(
        [row for row in found.cells if channel in {None, row.channel}], [row for row in found.causes if channel in {None, row.channel}]
    )
