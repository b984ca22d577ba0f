"""A letter in, a message out: HTML and text from the templates in `reports_templates/mail`, the same bytes for the same letter.

Headers: RFC 5322 (Message-ID made of what the mail is about and to whom, so a retry is recognisable; Date is the moment of judging),
RFC 3834 (Auto-Submitted), RFC 2919 (List-Id). EmailMessage itself refuses line breaks in a header, and every name is cleaned before.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from usage_pipeline.alerts.chart import picture
from usage_pipeline.alerts.letter import Letter
from usage_pipeline.alerts.words import plain_sentence
from usage_pipeline.tables.budgets import LEVELS

AS_OF_HEADER = "X-Usage-As-Of"
SCOPE_HEADER = "X-Usage-Scope"
LEVEL_HEADER = "X-Usage-Level"
KEY_HEADER = "X-Usage-Key"
ORGANISATION_SCOPE = "organisation"
NO_BREAK = "\u00a0"


def message_key(about: Sequence[str], recipients: Sequence[str]) -> str:
    """64 hex digits that name one message: what it is about (alert ids) and to whom, in any order."""
    return hashlib.sha256("\n".join((*sorted(about), "to", *sorted(recipients))).encode()).hexdigest()


def compose(
    letter: Letter,
    *,
    key: str,
    project: str | None,
    level: str,
    recipients: Sequence[str],
    sender: str,
    templates: Path,
    now: datetime,
    as_of: date,
) -> EmailMessage:
    """The message that tells `letter`. `key` from `message_key`; `project` None for the organisation; `templates` is the mail folder.

    Raises ValueError for an address with a line break, jinja2.TemplateError for a template that asks for what a letter has not.
    """
    scope = ORGANISATION_SCOPE if project is None else plain_sentence(f"projects/{project}")
    message = headed(
        letter.subject, "alerts", key=key, scope=scope, level=level, recipients=recipients, sender=sender, now=now, as_of=as_of
    )
    if level == LEVELS[-1]:
        message["Importance"] = "high"
    cids = [f"{key[:16]}.{place}@{domain_of(sender)}" if block.chart else "" for place, block in enumerate(letter.blocks)]
    html, text = render(letter, templates, cids)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    _add_charts(message, letter, cids)
    message.set_boundary(f"=_{key[:32]}")
    return message


def headed(
    subject: str, of: str, *, key: str, scope: str, level: str, recipients: Sequence[str], sender: str, now: datetime, as_of: date
) -> EmailMessage:
    """A message with all its headers and no body yet; `of` is what the list of such mails is about: alerts or reports."""
    domain = domain_of(sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{key[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = f"AI cost {of} <{of}.usage-pipeline.{domain}>"
    message["List-Unsubscribe"] = f"<mailto:{parseaddr(sender)[1]}?subject=unsubscribe>"
    message[AS_OF_HEADER] = as_of.isoformat()
    message[SCOPE_HEADER] = scope
    message[LEVEL_HEADER] = level
    message[KEY_HEADER] = key
    return message


def domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _add_charts(message: EmailMessage, letter: Letter, cids: Sequence[str]) -> None:
    """The pictures as parts beside the HTML, which names them by their Content-ID (RFC 2392)."""
    page = message.get_body(("html",))
    for block, cid in zip(letter.blocks, cids, strict=True):
        if block.chart and isinstance(page, EmailMessage):
            data = picture(block.chart.bars, block.chart.line)
            page.add_related(data, "image", "png", cid=f"<{cid}>", filename="days.png", disposition="inline")
    if page is not None and page.is_multipart():
        page.set_boundary(f"=_{message[KEY_HEADER][:30]}_p")


def render(letter: Letter, templates: Path, cids: Sequence[str] = ()) -> tuple[str, str]:
    """`letter` as HTML with its styles inlined, and as plain text. `cids`: the Content-ID of each block's chart; none shows no charts."""
    environment = environment_of(templates)
    html = environment.get_template("alert.html.j2").render(letter=letter, cids=list(cids) or [""] * len(letter.blocks))
    text = environment.get_template("alert.txt.j2").render(letter=letter)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_style_tags=False, apply_width_attributes=True)
    return inliner.inline(html).replace(" %", NO_BREAK + "%"), text.strip() + "\n"


@lru_cache
def environment_of(templates: Path) -> Environment:
    """Everything is escaped, save what goes into the text part."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), disabled_extensions=("txt.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
