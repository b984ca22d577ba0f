"""Who is told: a project's owners, or finance for the organisation and for projects that name no owner."""

from dataclasses import dataclass

from usage_pipeline.tables.configuration import Organisation, Project


@dataclass(frozen=True, slots=True)
class Recipients:
    """Addresses, and the sentence that says why they get the mail."""

    addresses: tuple[str, ...]
    why: str


def recipients_of(project: Project | None, organisation: Organisation) -> Recipients:
    """`project` None: the organisation's own budgets."""
    if project is None:
        return Recipients(organisation.finance, f"You get this because you receive the finance mails of {organisation.name}.")
    if project.owners:
        return Recipients(project.owners, f"You get this because you own {project.name}.")
    return Recipients(organisation.finance, f"{project.name} names no owner, so finance is told instead.")
