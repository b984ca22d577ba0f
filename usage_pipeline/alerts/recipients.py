"""Who is told: a project's owners, or finance for the organisation and for projects that name no owner.

What nobody acknowledges goes on: to the project's team, then to finance. A step with nobody who had it not yet is left out.
"""

from collections.abc import Collection
from dataclasses import dataclass

from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.configuration import Organisation, Project


@dataclass(frozen=True, slots=True)
class Recipients:
    """Addresses, and the sentence that says why they get the mail."""

    addresses: tuple[str, ...]
    why: str


def recipients_of(project: Project | None, organisation: Organisation) -> Recipients:
    """Whom it goes to first. `project` None: the organisation's own budgets."""
    if project is None:
        return Recipients(organisation.finance, f"You get this because you receive the finance mails of {organisation.name}.")
    if project.owners:
        return Recipients(project.owners, f"You get this because you own {project.name}.")
    return Recipients(organisation.finance, f"{project.name} names no owner, so finance is told instead.")


def steps_of(project: Project | None, organisation: Organisation, policy: AlertPolicy) -> tuple[Recipients, ...]:
    """Whom it goes to, in turn; the first may have no addresses."""
    steps = [recipients_of(project, organisation)]
    if project is None:
        return tuple(steps)
    further = [
        (policy.addresses_of(project.team), f"Nobody has acknowledged this, so the team of {project.name} is told as well."),
        (organisation.finance, f"Nobody has acknowledged this, so finance is told as well, beside the people of {project.name}."),
    ]
    had = set(steps[0].addresses)
    for addresses, why in further:
        new = tuple(one for one in addresses if one not in had)
        had |= set(new)
        if new:
            steps.append(Recipients(new, why))
    return tuple(steps)


def together(steps: tuple[Recipients, ...], wanted: Collection[int]) -> Recipients:
    """The people of several steps as one, for one mail; no addresses where a step is beyond the last."""
    if any(step >= len(steps) for step in wanted):
        return Recipients((), "")
    chosen = [steps[step] for step in sorted(set(wanted))]
    return Recipients(tuple(dict.fromkeys(address for one in chosen for address in one.addresses)), chosen[-1].why)
