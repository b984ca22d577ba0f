"""Planned mails in, mails with their people out: whose steps they go to, and several mails to the same people as one digest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from usage_pipeline.alerts import words
from usage_pipeline.alerts.ledger import PlannedMail, bundled
from usage_pipeline.alerts.recipients import Recipients, steps_of, together
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.configuration import Organisation, Project


@dataclass(frozen=True, slots=True)
class People:
    """Who is told of what."""

    projects: Sequence[Project]
    organisation: Organisation
    policy: AlertPolicy

    def project(self, name: str | None) -> Project | None:
        """The project of that id, one of that name where usage.yaml has none, or None for the organisation."""
        if name is None:
            return None
        return next((one for one in self.projects if one.id == name), Project(id=name, name=name))

    def steps(self, name: str | None) -> tuple[Recipients, ...]:
        return steps_of(self.project(name), self.organisation, self.policy)

    def of(self, mail: PlannedMail) -> Recipients:
        """Whom `mail` goes to: the people of every step that something in it goes to."""
        return together(self.steps(mail.project), {alert.step for alert in mail.told})

    def nobody(self, mail: PlannedMail) -> str:
        """What to mend where `mail` has nobody to go to."""
        project = self.project(mail.project)
        who = words.plain(project.id if project else self.organisation.name)
        if mail.step:
            return f"{who} has alerts that nobody could be told of: `usage-pipeline alerts list --dead` says why"
        mend = "give it owners, or the organisation finance addresses" if project else "give organisation.finance an address"
        return f"{who} has alerts but nobody to tell: {mend} in usage.yaml"


def digested(mails: Iterable[PlannedMail], people: People, most: int | None) -> list[tuple[PlannedMail, Recipients]]:
    """Each mail with its people; where more than `most` go to the very same people for the same reason, one digest in their place."""
    addressed = [(mail, people.of(mail)) for mail in mails]
    if most is None:
        return addressed
    same: dict[tuple[str, ...], list[PlannedMail]] = defaultdict(list)
    for mail, recipients in addressed:
        same[recipients.addresses].append(mail)
    found: list[tuple[PlannedMail, Recipients]] = []
    for addresses, own in same.items():
        if len(own) > most and addresses:
            why = f"You get this as one mail because more than {most} were due."
            found.append((bundled(own), Recipients(addresses, why)))
        else:
            found += [(mail, people.of(mail)) for mail in own]
    return found
