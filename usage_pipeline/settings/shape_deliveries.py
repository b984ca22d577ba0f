"""The shape of usage.yaml's section `deliveries`: which report goes to whom, in which formats, when, and to which folder in S3."""

import re
from datetime import time
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from usage_pipeline.settings.shape import Identifier, Mail, ProjectId, Section
from usage_pipeline.settings.shape_alerts import zone
from usage_pipeline.settings.shape_words import word, wrong
from usage_pipeline.storage.landing_pattern import is_literal
from usage_pipeline.tables.delivery_rules import (
    AFTER_CLOSE,
    ALL_PROJECTS,
    ATTACH_UP_TO_MB,
    BUSINESS_DAY,
    DAILY,
    FINANCE,
    MONTH_DAY,
    ON_CLOSE,
    ORGANISATION,
    OWNERS,
    PROJECTS,
    REPORTS,
    WEEKDAY,
    WEEKDAYS,
    When,
)
from usage_pipeline.tables.spans import DAY, MONTH, WEEK

OF_KIND: dict[str, tuple[str, ...]] = {
    DAY: (DAILY,),
    WEEK: (WEEKDAY,),
    MONTH: (BUSINESS_DAY, MONTH_DAY, AFTER_CLOSE, ON_CLOSE),
}
TOLD: dict[str, str] = {
    DAY: "'daily'",
    WEEK: "a weekday, such as 'monday'",
    MONTH: "'1st business day', 'day 5' (both of the month that follows), 'day 5 after close' or 'on close'",
}
S3 = "s3://"
MOST_MB = 40
MOST_BUSINESS_DAY, MOST_MONTH_DAY, MOST_AFTER_CLOSE = 20, 31, 60

_BUSINESS = re.compile(r"(\d{1,2})(?:st|nd|rd|th) business day")
_DAY = re.compile(r"day (\d{1,2})( after close)?")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MAILS = TypeAdapter(list[Mail])


def when_of(value: Any) -> When:
    """'1st business day', 'day 5', 'day 5 after close', 'on close', 'monday' or 'daily'."""
    text = " ".join(word(value).lower().split())
    if text in {DAILY, ON_CLOSE}:
        return When(kind=text)
    if text in WEEKDAYS:
        return When(kind=WEEKDAY, number=WEEKDAYS.index(text))
    if found := _BUSINESS.fullmatch(text):
        return _numbered(BUSINESS_DAY, int(found[1]), MOST_BUSINESS_DAY, text)
    if found := _DAY.fullmatch(text):
        kind, most = (AFTER_CLOSE, MOST_AFTER_CLOSE) if found[2] else (MONTH_DAY, MOST_MONTH_DAY)
        return _numbered(kind, int(found[1]), most, text)
    raise wrong(f"{word(value)!r} is no time to deliver: {', '.join(TOLD[kind] for kind in (MONTH, WEEK, DAY))}")


def _numbered(kind: str, number: int, most: int, text: str) -> When:
    if not 1 <= number <= most:
        raise wrong(f"{text!r}: the number goes from 1 to {most}")
    return When(kind=kind, number=number)


def _at(value: Any) -> time:
    found = _TIME.fullmatch(word(value).strip())
    if not found:
        raise wrong(f"{word(value)!r} is no time of day, such as '07:00' (in quotes)")
    return time(int(found[1]), int(found[2]))


def _people(value: Any) -> list[str]:
    if isinstance(value, str):
        if value not in {OWNERS, FINANCE}:
            raise wrong(f"{value!r} is neither a list of addresses, such as [ana@example.org], nor {OWNERS} or {FINANCE}")
        return [value]
    if value == []:
        raise wrong("it is empty; leave it out where the report is only uploaded")
    try:
        return _MAILS.validate_python(value)
    except ValidationError as error:
        raise wrong(str(error.errors()[0]["msg"])) from None


def _folder(value: Any) -> str:
    text = word(value).rstrip("/")
    bucket, _, prefix = text.removeprefix(S3).partition("/")
    if not text.startswith(S3) or not bucket or not is_literal(text) or "//" in prefix or ".." in prefix.split("/"):
        raise wrong(f"{text!r} is no folder of a bucket: write s3://bucket or s3://bucket/prefix")
    return text


def _link(value: Any) -> str:
    text = word(value)
    try:
        url = urlsplit(text)
        odd = not url.hostname or url.username or url.password or url.query or url.fragment
    except ValueError:
        odd = True
    if odd or url.scheme != "https" or not text.isascii() or any(one.isspace() for one in text):
        raise wrong(f"{text!r} is no address to link to, such as https://files.example.org/reports/")
    return text.rstrip("/") + "/"


def _megabytes(value: Any) -> int:
    text = word(value)
    if not re.fullmatch(r"\d{1,3}", text) or int(text) > MOST_MB:
        raise wrong(f"{text!r} is no whole number of megabytes from 0 (always link) to {MOST_MB}, which hardly any mail server takes")
    return int(text)


def _flag(value: Any) -> bool:
    if value not in {"true", "false"}:
        raise wrong(f"{value!r} is neither true nor false")
    return bool(value == "true")


class ProjectScope(Section):
    """One project."""

    project: ProjectId


def _scope(value: Any) -> str:
    if isinstance(value, dict):
        try:
            return PROJECTS + ProjectScope.model_validate(value).project
        except ValidationError as error:
            raise wrong(f"{{project: ...}}: {error.errors()[0]['msg']}") from None
    if value not in {ORGANISATION, ALL_PROJECTS}:
        raise wrong(f"{value!r} is none of {ORGANISATION}, {ALL_PROJECTS} and {{project: its-id}}")
    return str(value)


def _formats(value: Any) -> Any:
    if value == []:
        raise wrong("it is empty; leave it out for the PDF")
    return value


class DeliveryShape(Section):
    """One report to some people, or into a folder, at some time."""

    name: Identifier
    report: str
    scope: Annotated[str, BeforeValidator(_scope)] = ORGANISATION
    formats: Annotated[list[Literal["pdf", "csv", "xlsx", "json", "focus"]], BeforeValidator(_formats)] = Field(default=["pdf"])
    when: Annotated[When, BeforeValidator(when_of)]
    at: Annotated[time, BeforeValidator(_at)] | None = None
    time_zone: Annotated[str, BeforeValidator(zone)] = "UTC"
    to: Annotated[list[str], BeforeValidator(_people)] | None = None
    s3: Annotated[str, BeforeValidator(_folder)] | None = None
    link: Annotated[str, BeforeValidator(_link)] | None = None
    attach_up_to_mb: Annotated[int, BeforeValidator(_megabytes)] = ATTACH_UP_TO_MB
    only_closed: Annotated[bool, BeforeValidator(_flag)] = False

    @model_validator(mode="after")
    def _of_its_report(self) -> "DeliveryShape":
        report = REPORTS.get(self.report)
        if report is None:
            raise wrong(f"{self.report!r} is none of the reports {', '.join(REPORTS)}")
        if self.when.kind not in OF_KIND[report.kind]:
            raise wrong(f"{self.report} is of a {report.kind}: its time is {TOLD[report.kind]}")
        if self.scope != ORGANISATION and not report.of_projects:
            raise wrong(f"{self.report} is of the whole organisation only: scope: {ORGANISATION}")
        odd = [one for one in self.formats if one not in report.formats]
        if odd:
            raise wrong(f"{self.report} has no {odd[0]}: its formats are {', '.join(report.formats)}")
        if self.only_closed and report.kind != MONTH:
            raise wrong(f"only months are closed, and {self.report} is of a {report.kind}: leave only_closed out")
        return self

    @model_validator(mode="after")
    def _to_somebody(self) -> "DeliveryShape":
        if self.to is None and self.s3 is None:
            raise wrong(f"it goes nowhere: give to (addresses, {OWNERS} or {FINANCE}), s3 (a folder), or both")
        if self.to == [OWNERS] and self.scope == ORGANISATION:
            raise wrong(f"the organisation has no owners: give addresses, or {FINANCE}")
        if len(set(self.formats)) < len(self.formats):
            raise wrong("a format is named twice")
        return self
