"""The mail that brings a report: composed without its attachments, which are put in when it is sent: the same bytes each time.

Headers as in `mail.py`; the Message-ID is made of the delivery's id. A file's name in a mail is plain ASCII, whatever a project is called.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path

import css_inline

from usage_pipeline.alerts.delivery_letter import ReportLetter
from usage_pipeline.alerts.mail import KEY_HEADER, NO_BREAK, environment_of, headed
from usage_pipeline.alerts.words import plain_sentence

BASE64_LINE = 76
TYPES = {
    "pdf": ("application", "pdf"),
    "csv": ("text", "csv"),
    "json": ("application", "json"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
LEVEL = "report"
NAME_MOST = 60


def compose(
    letter: ReportLetter, *, key: str, scope: str, recipients: Sequence[str], sender: str, templates: Path, now: datetime, as_of: date
) -> EmailMessage:
    """The mail without attachments; `templates` is `reports_templates/mail`."""
    where = plain_sentence(scope)
    message = headed(
        letter.subject, "reports", key=key, scope=where, level=LEVEL, recipients=recipients, sender=sender, now=now, as_of=as_of
    )
    html, text = render(letter, templates)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{key[:32]}")
    return message


def render(letter: ReportLetter, templates: Path) -> tuple[str, str]:
    """`letter` as HTML with its styles inlined, and as plain text."""
    environment = environment_of(templates)
    html = environment.get_template("delivery.html.j2").render(letter=letter)
    text = environment.get_template("delivery.txt.j2").render(letter=letter)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_style_tags=False, apply_width_attributes=True)
    return inliner.inline(html).replace(" %", NO_BREAK + "%"), text.strip() + "\n"


def with_attachments(message: EmailMessage, files: Sequence[tuple[str, bytes]]) -> EmailMessage:
    """`message` with these files, by name, after its text; without any it stays as it is."""
    if not files:
        return message
    message.make_mixed()
    for name, content in files:
        main, sub = TYPES.get(name.rpartition(".")[2], ("application", "octet-stream"))
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    for place, part in enumerate(message.iter_parts()):
        if place and part.get_content_maintype() == "text":
            part.set_param("charset", "utf-8")
    message.set_boundary(f"=_{str(message[KEY_HEADER])[:30]}_f")
    return message


def encoded_size(size_bytes: int) -> int:
    """The bytes of a file as an attachment: base64 in lines (RFC 2045 §6.8)."""
    text = 4 * -(-size_bytes // 3)
    return text + 2 * -(-text // BASE64_LINE)


def attachment_name(file: str, scope: str, period: str, version: str) -> str:
    """'statement-2026-10-support-portal-r1.pdf': safe in any mail program and on any disk."""
    stem, dot, ending = file.rpartition(".")
    parts = (stem if dot else file, period, scope.rpartition("/")[2], version)
    plain = "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", part).strip("-.")[:NAME_MOST] for part in parts if part)
    return f"{plain}.{ending}" if dot else plain
