"""`usage-pipeline channels`: the channels of usage.yaml, what goes to them, what their variables lack; and a test message on demand."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from usage_pipeline.alerts.channels.channel import DeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.words import plain
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.channels import ORGANISATION, ChannelSpec, Route
from usage_pipeline.tables.notices import TEST, Notice

EVERYTHING = "everything"
FAILED = 1


def run_channels(environment: Environment, tested: Sequence[str], output: Output) -> int:
    """List the channels, then send a test message on those named. Exit code 1 if one of them did not take it."""
    workplace = Workplace(home_folder=str(Home(environment.home).root), config_file=str(environment.config_file))
    settings = workplace.settings()
    by_name = {spec.name: spec for spec in settings.channels}
    if unknown := [name for name in tested if name not in by_name]:
        known = f"those of {settings.file} are {', '.join(by_name)}" if by_name else f"{settings.file} has none"
        raise UsageConfigError(f"--test {unknown[0]}: there is no such channel; {known}")
    rows = [_row(workplace, spec, settings.routing) for spec in settings.channels]
    answers = [_tried(workplace, by_name[name], settings.organisation.name) for name in dict.fromkeys(tested)]
    if output.as_json:
        output.document({"mail": mail_way(environment), "channels": rows, "tests": answers})
    else:
        _show(mail_way(environment), rows, answers, output)
    return 0 if all(answer["delivered"] for answer in answers) else FAILED


def mail_way(environment: Environment) -> str:
    """How mails go out."""
    if environment.mail_service:
        return f"ses in {environment.mail_service.region}"
    if environment.mail_server:
        return f"smtp at {environment.mail_server.host}:{environment.mail_server.port}"
    return "outbox"


def notice_of_test(organisation: str, now: datetime) -> Notice:
    """What a test says; of no budget, and of another key each time."""
    name = plain(organisation)
    return Notice(
        key=hashlib.sha256(f"{TEST}\n{now.isoformat()}".encode()).hexdigest(),
        rule=TEST,
        level="info",
        scope=ORGANISATION,
        project=None,
        subject=f"Test: AI cost alerts of {name} reach this channel",
        text="Sent by hand, to see that messages arrive. Nothing is wrong with any budget.",
        occurred_at=now,
        as_of=now.date(),
    )


def _row(workplace: Workplace, spec: ChannelSpec, routing: Sequence[Route]) -> dict[str, Any]:
    routes = [route for route in routing if spec.name in route.channels]
    hears = [{"levels": list(route.levels), "rules": list(route.rules), "projects": list(route.projects)} for route in routes]
    return {"name": spec.name, "kind": spec.kind, "variables": _variables(spec), "problem": _problem(workplace, spec), "hears": hears}


def _variables(spec: ChannelSpec) -> list[str]:
    return [variable for variable in (spec.url, spec.secret, spec.authorization) if variable]


def _problem(workplace: Workplace, spec: ChannelSpec) -> str | None:
    try:
        workplace.notice_channel(spec)
    except TemporaryDeliveryError as error:
        return str(error)
    return None


def _tried(workplace: Workplace, spec: ChannelSpec, organisation: str) -> dict[str, Any]:
    try:
        receipt = workplace.notice_channel(spec).send(notice_of_test(organisation, workplace.now()))
    except DeliveryError as error:
        return {"channel": spec.name, "delivered": False, "answer": str(error)}
    return {"channel": spec.name, "delivered": True, "answer": receipt.text}


def _show(mail: str, rows: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]], output: Output) -> None:
    output.say(f"mail: {mail}")
    if not rows:
        output.say("channels: none in usage.yaml")
        return
    output.table(
        ("channel", "kind", "variables", "hears"),
        [(row["name"], row["kind"], ", ".join(row["variables"]), _words(row["hears"])) for row in rows],
    )
    for row in rows:
        if row["problem"]:
            output.warn(row["problem"])
    for answer in answers:
        output.say(f"{answer['channel']}: {answer['answer']}")


def _words(hears: Sequence[dict[str, list[str]]]) -> str:
    told = ["; ".join(f"{name} {', '.join(listed)}" for name, listed in route.items() if listed) or EVERYTHING for route in hears]
    return " | ".join(told) or "nothing: no route names it"
