"""`channels:` and `routing:` of usage.yaml as values: ways to people beside the mail to owners, and who hears what on them."""

from dataclasses import dataclass

WEBHOOK, SLACK, TEAMS, DISCORD, SMS = "webhook", "slack", "teams", "discord", "sms"
KINDS = (WEBHOOK, SLACK, TEAMS, DISCORD, SMS)
ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """One channel. `url`, `secret` and `authorization` are names of variables of the environment, never values.

    `secret` signs what a webhook gets, `secret_before` too while receivers change from one to the other; `has_states`: it gets the hard
    stop feed whenever a state changes. `authorization` is the header of that name for a text message gateway, whose request is
    `fields`: names with templates of '{to}', '{text}' and '{key}', sent as JSON, or as a form where `is_form`; `parts` is how many
    text messages one notice may take. `line` is that in usage.yaml.
    """

    name: str
    kind: str
    url: str
    secret: str | None = None
    secret_before: str | None = None
    has_states: bool = False
    authorization: str | None = None
    to: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    is_form: bool = False
    parts: int = 1
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What goes to `channels`: every notice with one of `levels`, of `rules` and of `projects`; empty means all of them.

    'organisation' among the projects stands for what is about no single project.
    """

    channels: tuple[str, ...]
    levels: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    line: int | None = None
