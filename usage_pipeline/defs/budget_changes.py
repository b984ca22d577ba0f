"""Every run and check looks whether budgets changed since the last one, and writes down what did."""

from usage_pipeline.budgets.changes import Changes, changes
from usage_pipeline.defs.closed import user_of_the_machine
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.budget_versions import budget_versions


def note_changes(workplace: Workplace) -> Changes:
    """Record what differs between usage.yaml's budgets and those last known: versions and audit entries together, once."""
    declared = workplace.settings().budgets
    actor = workplace.environment().actor_name or user_of_the_machine()
    with workplace.database().transaction() as transaction:
        found = changes(transaction.select(budget_versions), declared, actor=actor, now=workplace.now())
        transaction.insert(budget_versions, found.versions)
        transaction.insert(audit_log, found.entries)
    return found
