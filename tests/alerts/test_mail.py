"""The mail itself: what it says, that it is safe with any name, and that the same facts give the same bytes."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, budget, cost, month

from usage_pipeline.alerts.check import check
from usage_pipeline.alerts.mail import message_key
from usage_pipeline.budgets.status import statuses
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import DailyCost

AS_OF = date(2026, 10, 23)
NOW = datetime(2026, 10, 24, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}\r\nBcc: evil@example.com\r\n\r\n.\r\n"


def mail(budgets: list[Budget], costs: list[DailyCost], as_of: date = AS_OF, projects: tuple[Project, ...] = PROJECTS,
         now: datetime = NOW) -> EmailMessage:  # fmt: skip
    """The one mail about `budgets`, written out as bytes and read back as a receiver would."""
    outcome = check(
        statuses=statuses(budgets, costs, as_of), budgets=budgets, costs=costs, projects=projects, organisation=ORGANISATION, known=[],
        deliveries=[], now=now, as_of=as_of, templates=TEMPLATES, sender="AI cost <ai-cost@example.org>",
    )  # fmt: skip
    ((_, message),) = outcome.messages
    received = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    return received


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


class Page(HTMLParser):
    """Tags, attributes and text of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


EXPECTED_TEXT = """\
Support portal has used 81 % of its October budget
Level: info

  Spent              $403.65 of $500 for October 2026, day 23 of 31 (80.7 %)
  Forecast           $544.05 (109 % of the limit)
  Reaches the limit  Thu 29 Oct
  Left               $96.35
  Pace so far        $17.55 a day

What to do
  - To stay inside the limit, use at most $12.04 on each of the 8 days left; the pace so far is $17.55 a day.
  - Start with the model gpt-5: it makes 69 % of the spending.
  - If the work is worth more, ask finance@example.org for a higher limit before 29 October.
  - The true cost is higher: some usage has no price. Whoever runs usage-pipeline can add it under “prices” in usage.yaml.

Why it changed
  $86.94 more than on 1–23 Sep (+27 %):
  Price                     +$86.94  the same models cost more

Largest changes by operation and model
  chat · gpt-5                                    +$86.94  higher price

Models (change against 1–23 Sep)
  gpt-5                                     $280.14   69 %  +45 %
  claude-sonnet-4-5                          $71.30   18 %  ±0 %
  gemini-2.5-pro                             $40.25   10 %  ±0 %
  and 1 more                                 $11.96    3 %

Operations (change against 1–23 Sep)
  chat                                      $320.39   79 %  +37 %
  improvement                                $71.30   18 %  ±0 %
  not said                                   $11.96    3 %  ±0 %

Users (change against 1–23 Sep)
  u-17                                      $351.44   87 %  +33 %
  u-04                                       $40.25   10 %  ±0 %
  not said                                   $11.96    3 %  ±0 %

About these numbers
  - The days 1–23 Oct: $17.55 each day; 23 of 23 are above the $16.13 a day that the limit allows.
  - Costs are known through 23 October.
  - 17 % of it is estimated from usage, the rest is billed by the providers.
  - Not in these amounts: 12 requests with 48,210 tokens of new-model-9, because no price is known.

Other budgets
  Week 43                          $87.75 of $150, 58 %

You get this because you own Support portal.
A budget is told of once a month at each of 75, 90 and 100 %; a project gets at most one mail in 24 hours, unless it becomes more serious.
Judged 24 October 2026, 00:00 UTC.
"""


def test_the_text_by_hand() -> None:
    message = mail([budget("500"), budget("150", period="weekly")], month())
    assert message["Subject"] == "support-portal at 81 % of $500 for October, crosses on the 29th"
    assert body(message, "plain") == EXPECTED_TEXT


def test_html_says_what_the_text_says() -> None:
    page = Page(body(mail([budget("500"), budget("150", period="weekly")], month()), "html"))
    said = ["has used 81 % of its October budget", "$403.65", "$544.05", "109 %", "Thu 29 Oct", "$96.35", "use at most $12.04 on each"]
    said += ["claude-sonnet-4-5", "+45 %", "new-model-9", "Week 43", "You get this because you own Support portal."]
    assert [words for words in said if words not in page.text] == []


def test_headers() -> None:
    message = mail([budget("500")], month())
    assert {name: str(message[name]) for name in message if name not in {"Subject", "Content-Type", "Message-ID", "X-Usage-Key"}} == {
        "From": "AI cost <ai-cost@example.org>",
        "To": "ana@example.org, lea@example.org",
        "Date": "Sat, 24 Oct 2026 00:00:00 +0000",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": "AI cost alerts <alerts.usage-pipeline.example.org>",
        "List-Unsubscribe": "<mailto:ai-cost@example.org?subject=unsubscribe>",
        "X-Usage-As-Of": "2026-10-23",
        "X-Usage-Scope": "projects/support-portal",
        "X-Usage-Level": "info",
        "MIME-Version": "1.0",
    }
    assert message["Message-ID"] == f"<{message['X-Usage-Key'][:32]}@example.org>"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "multipart/related"]
    assert [part.get_content_type() for part in list(message.iter_parts())[1].iter_parts()] == ["text/html", "image/png"]


def test_a_critical_mail_says_so_in_its_head() -> None:
    critical, other = mail([budget("300")], month()), mail([budget("500")], month())
    assert (critical["Importance"], other["Importance"]) == ("high", None)


def test_the_key_names_what_and_to_whom() -> None:
    assert message_key(["a", "b"], ["x", "y"]) == message_key(["b", "a"], ["y", "x"])
    assert len({message_key(["a"], ["x"]), message_key(["a", "x"], []), message_key([], ["a", "x"]), message_key(["a"], ["y"])}) == 4


def test_nothing_is_loaded_from_outside() -> None:
    """The only pictures are those that come with the mail."""
    message = mail([budget("300"), budget("15", period="daily")], month())
    html = body(message, "html")
    page = Page(html)
    assert not {"script", "link", "svg", "iframe", "form"} & set(page.tags)
    assert not {"href", "background"} & {name for name, _ in page.attributes}
    sources = [value for name, value in page.attributes if name == "src"]
    parts = {f"cid:{part['Content-ID'].strip('<>')}": part for part in message.walk() if part.get_content_type() == "image/png"}
    assert sources == list(parts)
    assert len(sources) == 2
    assert all(part.get_content().startswith(b"\x89PNG") and part.get_content_disposition() == "inline" for part in parts.values())
    assert "url(" not in html
    assert "@import" not in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html


def test_the_chart_is_told_where_it_is_not_shown() -> None:
    costs = [cost(date(2026, 10, number), str(number)) for number in range(1, 24)]
    message = mail([budget("310")], costs)
    said = "1–23 Oct: from $1.00 to $23.00 a day, the most on 23 October; 13 of 23 are above the $10.00 a day that the limit allows."
    page = Page(body(message, "html"))
    assert [value for name, value in page.attributes if name == "alt"] == [f"Chart of the days {said}"]
    assert "Spending a day · ╌ $10.00 a day would end at the limit" in page.text
    assert f"- The days {said}" in body(message, "plain")


def test_one_day_is_no_chart() -> None:
    message = mail([budget("500")], [cost(AS_OF, "460")])
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_largest_mail_is_not_cut_off() -> None:
    """Gmail cuts at 102 kB of HTML: forty budgets of long names, each with its threshold crossed."""
    many = [replace(budget("10", operation=f"{'o' * 70} {number}"), budget_id=str(number)) for number in range(40)]
    costs = [
        cost(date(2026, month, day), "1.50", operation=one.operation, model=f"{'m' * 70}{day % 5}", user=f"{'u' * 70}{day % 4}")
        for one in many for month in (9, 10) for day in range(1, 24)
    ]  # fmt: skip
    message = mail(many, costs)
    assert len(body(message, "html").encode()) < 102_000
    assert "and 25 more budgets: `usage-pipeline budgets check --dry-run` lists all." in body(message, "plain")


def test_hostile_names_are_text() -> None:
    projects = (Project(id=HOSTILE, name=HOSTILE, owners=("ana@example.org",)),)
    costs = [cost(AS_OF, "460", project=HOSTILE, model=HOSTILE, user=HOSTILE, operation=HOSTILE), cost(AS_OF, None, project=HOSTILE)]
    message = mail([budget("500", project=HOSTILE)], costs, projects=projects)
    page = Page(body(message, "html"))
    assert not {"script"} & set(page.tags)
    assert "<script>alert(1)</script>\"'&{{ 7*7 }} Bcc:" in page.text
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert str(message["Subject"]).startswith("<script>alert(1)</script>\"'&{{ 7*7 }}")
    assert not any(line.startswith((".", "Bcc:")) for line in body(message, "plain").splitlines())


def test_an_address_with_a_line_break_is_refused() -> None:
    projects = (Project(id="support-portal", name="Support", owners=("ana@example.org\r\nBcc: evil@example.com",)),)
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        mail([budget("500")], month(), projects=projects)


def test_same_facts_same_bytes() -> None:
    first, second = (mail([budget("500")], list(order)).as_bytes() for order in (month(), reversed(month())))
    assert first == second


def test_the_lines_fit_a_mail() -> None:
    raw = mail([budget("500", project=None)], [cost(AS_OF, "460", project="名前" * 40, model="ü" * 300)]).as_bytes(policy=policy.SMTP)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78 + 20
    assert raw.isascii()


@pytest.mark.parametrize(
    ("of", "subject"),
    [
        (budget("300"), "Critical: support-portal at 135 % of $300 for October, reached on the 18th"),
        (budget("538.20"), "support-portal at 75 % of $538.20 for October, crosses on the 31st"),
        (budget("110", period="weekly"), "support-portal at 80 % of $110 for week 43, crosses on Sunday"),
        (budget("17.55", period="daily"), "Critical: support-portal at 100 % of $17.55 for 23 October, the day is over"),
        (budget("30000", unit="tokens", operation="improvement"),
         "support-portal at 77 % of 30,000 tokens (improvement) for October, crosses on the 30th"),
        (budget("600", project=None), "Example Org at 79 % of $600 for October, crosses on the 30th"),
    ],
)  # fmt: skip
def test_subjects_say_it_all(of: Budget, subject: str) -> None:
    assert mail([of], month())["Subject"].strip() == subject


def test_a_long_name_gives_way_in_a_subject() -> None:
    long = "support-portal-of-the-northern-sales-organisation"
    projects = (Project(id=long, name=long, owners=("ana@example.org",)),)
    costs = [replace(row, project=long) for row in month()]
    subject = mail([budget("500", project=long)], costs, projects=projects)["Subject"]
    assert subject == "support-portal-of-the-northern-sales-org… at 95 % of $500 for October, crosses on the 25th"


def test_a_forecast_inside_the_limit_is_said() -> None:
    costs = [cost(date(2026, 10, number), "20") for number in range(1, 20)]
    message = mail([budget("500", thresholds=budget().thresholds[:1])], costs, as_of=date(2026, 10, 25))
    assert message["Subject"] == "support-portal at 76 % of $500 for October, forecast $471.20"
    assert "19 of the 25 days so far have any" in body(message, "plain")


OCTOBER_ENDED = datetime(2026, 11, 1, tzinfo=UTC)
LAST = date(2026, 10, 31)


@pytest.mark.parametrize(
    ("spent", "subject", "in_the_text"),
    [
        (
            "225.47",
            "support-portal at 90 % of $250 for October, the month is over",
            [
                "(90.2 %)",
                "In the end         $225.47 (90 % of the limit)",
                "Limit reached      no\n",
                "with $24.53 left: that it passed 90 %",
            ],
        ),
        (
            "260.40",
            "Critical: support-portal at 104 % of $250 for October, reached on the 31st, the month is over",
            [
                "(104.2 %)",
                "In the end         $260.40 (104 % of the limit)",
                "Limit reached      Sat 31 Oct\n",
                "Over by            $10.40",
            ],
        ),
    ],
)
def test_a_period_that_is_over_has_no_forecast(spent: str, subject: str, in_the_text: list[str]) -> None:
    message = mail([budget("250")], [cost(LAST, spent)], as_of=LAST, now=OCTOBER_ENDED)
    text, html = body(message, "plain"), body(message, "html")
    assert message["Subject"] == subject
    assert [words for words in in_the_text if words not in text] == []
    assert "forecast" not in text.lower()
    assert "forecast" not in Page(html.partition("<body")[2]).text.lower()


def test_the_last_day_of_a_period_still_has_a_forecast() -> None:
    noon = datetime(2026, 10, 31, 12, tzinfo=UTC)
    costs = [cost(date(2026, 10, number), "7") for number in range(1, 32)]
    text = body(mail([budget("250")], costs, as_of=LAST, now=noon), "plain")
    assert "Forecast  " in text
    assert "is over" not in text


@pytest.mark.parametrize(
    ("spent", "headline", "line"),
    [
        ("96.9", "97 %", "96.9 %"),
        ("99.96", "99.9 %", "99.9 %"),
        ("89.6", "89.6 %", "89.6 %"),
        ("100.46", "100 %", "100.5 %"),
        ("75.5", "76 %", "75.5 %"),
    ],
)
def test_headline_subject_and_line_agree(spent: str, headline: str, line: str) -> None:
    message = mail([budget("100")], [cost(LAST, spent)], as_of=LAST, now=OCTOBER_ENDED)
    text = body(message, "plain")
    assert f"support-portal at {headline} of $100" in message["Subject"]
    assert text.startswith(f"Support portal has used {headline} of its October budget")
    assert f"day 31 of 31 ({line})" in text
    assert f"({headline} of the limit)" in text


def test_other_budgets_show_no_threshold_before_it_is_reached() -> None:
    text = body(mail([budget("460"), budget("513.5", operation="chat", thresholds=budget().thresholds[1:])], [cost(AS_OF, "460")]), "plain")
    assert "October, chat                    $460.00 of $513.50, 89.6 %" in text


def test_a_part_too_small_to_show_is_not_nothing() -> None:
    costs = [cost(AS_OF, "460", model="a"), cost(AS_OF, "0.004", model="b")]
    text = body(mail([budget("500")], costs), "plain")
    assert "  a                                         $460.00 99.9 %\n" in text
    assert "  b                                          <$0.01   <1 %\n" in text


def test_only_a_rise_that_shows_is_orange() -> None:
    """200 to 201 is '±0 %' as shown, like no change at all: grey. 200 to 204 is a rise."""
    pairs = [("same", "200", "200"), ("hardly", "200", "201"), ("rises", "200", "204")]
    costs = [cost(date(2026, 9, 1), before, model=name) for name, before, _ in pairs]
    costs += [cost(date(2026, 10, 1), after, model=name) for name, _, after in pairs]
    html = body(mail([budget("700")], costs), "html")
    found = re.findall(r'<td class="rule num (warn|mute)"[^>]*>([+±][^<$]*)</td>', html)
    assert found[:3] == [("warn", "+2\u00a0%"), ("mute", "±0\u00a0%"), ("mute", "±0\u00a0%")]


def test_the_others_are_a_line_of_the_table() -> None:
    """3 x 150 and 2 x 5: 32.6 % each and 2.2 % together, shown as 33 + 33 + 32 + 2."""
    costs = [cost(AS_OF, amount, model=name) for name, amount in zip("abcde", ("150", "150", "150", "5", "5"), strict=True)]
    message = mail([budget("500")], costs)
    assert "  and 2 more                                 $10.00    2 %\n" in body(message, "plain")
    assert "a $150.00 33 % b $150.00 33 % c $150.00 32 % and 2 more $10.00 2 %" in Page(body(message, "html")).text
