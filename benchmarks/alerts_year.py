"""A simulated year of alerts: budgets judged every hour, a mail server that fails in every way, and a program that dies at any moment.

What is real: the check, the ledger in a database, the messages, the sender, SMTP on loopback (aiosmtpd). What is simulated: the clock, and
what was spent, of which each hour is known three hours later, and one day in twenty a whole day later: so the end of every period is known
only when it is over. The server answers 4xx, drops connections before and after it took a message, and refuses some addresses for good; the
program dies after judging, before sending, and after sending but before it is marked. Then what the recipients got is held against what
was due, which is worked out from the spending alone: every threshold that was ever reached. Seeded: the same world on every machine.

    python -m benchmarks.alerts_year [--budgets 200] [--days 365] [--hours 1] [--seed 2026] [--database sqlite:///...]
"""

# ruff: noqa: S311 - aiosmtpd tells its hooks more than they need; chance is for a simulation

import argparse
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import accumulate
from pathlib import Path
from time import perf_counter

from benchmarks.bad_mail_server import BadServer, Clock, Died, Got, MailOnly, MortalChannel, listening
from usage_pipeline.alerts.channels.smtp import NONE, SmtpChannel
from usage_pipeline.alerts.check import Check, check
from usage_pipeline.alerts.late import TOLD_DAYS, Ended, ended_on
from usage_pipeline.alerts.rules import alert_id
from usage_pipeline.defs.sending import send_due, tell
from usage_pipeline.money import percent, reaches
from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.storage.alert_ledger import known_alerts, recent_deliveries
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.alerts import DEAD, OPEN, RESOLVED, UNSENT, Delivery, alerts, deliveries
from usage_pipeline.tables.budgets import LEVELS, PERIODS, Budget, BudgetStatus, Threshold
from usage_pipeline.tables.configuration import Organisation, Project

FIRST = date(2027, 1, 1)
SEED = 2026
TEMPLATES = Path(__file__).parents[1] / "reports_templates" / "mail"
FINANCE = "finance@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USUAL_DELAY, LONGEST_DELAY = timedelta(hours=3), timedelta(hours=27)
LATE_DAYS = 0.05
"""The part of all days that are known a day later than others."""
USUAL = tuple(Threshold(percent=Decimal(mark), level=level) for mark, level in zip((75, 90, 100), LEVELS, strict=True))
SMALLEST = Decimal("0.01")
DIES_JUDGED = 0.01
OWNERLESS = 3
REFUSED_EVERY = 12
"""Of so many owners one has an address that the server refuses for good."""
SETTLING_HOURS = 48
"""After the last day the sender alone goes on for so long, with a server that is well."""


@dataclass(frozen=True)
class Spenders:
    """Who spends how much: of each budget and period a share of its limit, spread unevenly over its days."""

    budgets: tuple[Budget, ...]
    projects: tuple[Project, ...]
    seed: int

    def spent(self, budget: Budget, period: Period, now: datetime) -> Decimal:
        """What is known at `now` of a period's spending, rising hour by hour; days differ by up to a factor of five."""
        sums, share = days_of(self.seed, budget.budget_id, period.start, period.days_count)
        whole = min(max(0, (now.date() - period.start).days - LONGEST_DELAY.days - 1), period.days_count)
        last = min(period.days_count, whole + LONGEST_DELAY.days + 2)
        hours = [self._hours(period.start + ONE_DAY * number, now) for number in range(whole, last)]
        known = 24 * sums[whole] + sum((sums[whole + at + 1] - sums[whole + at]) * count for at, count in enumerate(hours))
        return (budget.limit * share * known / (24 * sums[-1])).quantize(SMALLEST)

    def _hours(self, day: date, now: datetime) -> int:
        """How many hours of a day are known."""
        return min(24, max(0, (now - delay_of(self.seed, day) - start_of(day)) // HOUR))


@cache
def days_of(seed: int, budget_id: str, start: date, count: int) -> tuple[list[int], Decimal]:
    """The weights of a period's days summed up, from 0 to all of them, and the share of the limit that it comes to."""
    chance = random.Random(f"{seed} days {budget_id} {start}")
    return [0, *accumulate(chance.randint(1, 5) for _ in range(count))], chance.choice(SHARES)


@cache
def delay_of(seed: int, day: date) -> timedelta:
    """How long it takes until what was spent on a day is known."""
    return LONGEST_DELAY if random.Random(f"{seed} delay {day}").random() < LATE_DAYS else USUAL_DELAY


SHARES = tuple(Decimal(share) for share in ("0.4", "0.6", "0.8", "0.85", "0.95", "1.02", "1.2", "1.6"))


def spenders(count: int, seed: int) -> Spenders:
    """`count` budgets: of ten, six of projects by the month, two by the week, one by the day, one by the year; one of the organisation."""
    kinds = ("monthly",) * 6 + ("weekly", "weekly", "daily", "yearly")
    projects: dict[str, Project] = {}
    budgets = [Budget(budget_id="organisation/monthly", scope="organisation", project=None, period="monthly",
                      limit=Decimal(100_000), unit="USD", operation=None, thresholds=USUAL)]  # fmt: skip
    for number in range(count - 1):
        name = f"project-{number * 7 // 10:03}"
        owners = () if number % 10 == OWNERLESS else (f"owner-{number * 7 // 10:03}@example.org",)
        projects.setdefault(name, Project(id=name, name=name.capitalize(), owners=owners))
        period = kinds[number % 10]
        budgets.append(
            Budget(budget_id=f"{name}/{period}/{number}", scope="project", project=name, period=period,
                   limit=Decimal(100 + number), unit="USD", operation=f"op-{number}", thresholds=USUAL)
        )  # fmt: skip
    return Spenders(tuple(budgets), tuple(projects.values()), seed)


def status(budget: Budget, period: Period, spent: Decimal, as_of: date) -> BudgetStatus:
    return BudgetStatus(
        budget_id=budget.budget_id, period_start=period.start, period_end=period.end, as_of=as_of, scope=budget.scope,
        project=budget.project,
        period=budget.period, unit=budget.unit, operation=budget.operation, limit=budget.limit, spent=spent,
        percent=percent(spent, budget.limit), remaining=budget.limit - spent, forecast=None, crossing_date=None, threshold=None, level=None,
        days_with_data=1, estimated_share=Decimal(0),
    )  # fmt: skip


@dataclass
class Year:
    """One simulation: the world, the server, the database, and what is to be told by the spending alone."""

    world: Spenders
    server: BadServer
    clock: Clock
    url: str
    channel: MortalChannel
    due: dict[str, tuple[Budget, Threshold, datetime, date]] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    checks: int = 0
    step: timedelta = HOUR

    def check(self, chance: random.Random) -> None:
        """One check in a program that starts, and may die."""
        database = Database(self.url)
        running, ended = self._running(), self._ended()
        self._note_due(running, ended)
        try:
            found = self._judge(database, running, ended)
            self._maybe_die(chance)
            tell(database, found, lambda: self._judge(database, running, ended), MailOnly(self.channel), self.clock)
        except Died:
            pass
        finally:
            self.checks += 1
            database.close()

    def _running(self) -> list[BudgetStatus]:
        day = self.clock.now.date()
        return [self._status(budget, PERIODS[budget.period](day), day) for budget in self.world.budgets]

    def _ended(self) -> list[Ended]:
        """The periods that the product asks for, of those that ended while it ran."""
        found = ended_on(self.world.budgets, self.clock.now.date())
        return [
            Ended(budget, self._status(budget, PERIODS[budget.period](day), day))
            for day, budgets in found.items()
            for budget in budgets
            if day >= FIRST
        ]

    def _status(self, budget: Budget, period: Period, as_of: date) -> BudgetStatus:
        return status(budget, period, self.world.spent(budget, period, self.clock.now), as_of)

    def _judge(self, database: Database, running: Sequence[BudgetStatus], ended: Sequence[Ended]) -> Check:
        now, day = self.clock.now, self.clock.now.date()
        starts = {one.period_start for one in (*running, *(one.status for one in ended))}
        with database.reading() as reading:
            known, recent = known_alerts(reading, starts), recent_deliveries(reading, now)
        return check(
            statuses=running,
            ended=ended,
            budgets=self.world.budgets,
            costs=[],
            projects=self.world.projects,
            organisation=Organisation(name="Example Org", finance=(FINANCE,)),
            known=known,
            deliveries=recent,
            now=now,
            as_of=day,
            templates=TEMPLATES,
            policy=AlertPolicy(digest_over=5),
        )

    def _maybe_die(self, chance: random.Random) -> None:
        if chance.random() < DIES_JUDGED:
            self.deaths["judged, not recorded"] += 1
            raise Died

    def _note_due(self, running: Sequence[BudgetStatus], ended: Sequence[Ended]) -> None:
        standing = [*zip(self.world.budgets, running, strict=True), *((one.budget, one.status) for one in ended)]
        for budget, one in standing:
            for mark in budget.thresholds:
                if reaches(one.spent, one.limit, mark.percent):
                    name = alert_id(budget.budget_id, one.period_start, mark.percent)
                    self.due.setdefault(name, (budget, mark, self.clock.now, one.period_end))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; what is in `faults` must be 0. `waits_at_end`: found, and a mail of the last 24 hours stood against it to the end.

    `most_in_24_hours`: mails of one project within 24 hours, those that were more severe than all before them left out.
    """

    checks: int
    due: int
    delivered: int
    waits_at_end: int
    mails: int
    receipts: int
    dead_letters: int
    deaths: dict[str, int]
    answers: dict[str, int]
    missing: int
    missing_ones: list[str]
    told_twice: int
    too_soon: int
    other_bytes: int
    lapsed_wrongly: int
    still_waiting: int
    late_hours: int
    most_in_24_hours: int

    @property
    def faults(self) -> dict[str, int]:
        names = ("missing", "told_twice", "too_soon", "other_bytes", "lapsed_wrongly", "still_waiting")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def run(budgets: int, days: int, hours: int, seed: int, url: str) -> Outcome:
    """Simulate, then judge what the recipients got."""
    world = spenders(budgets, seed)
    owners = sorted({address for project in world.projects for address in project.owners})
    clock = Clock(datetime.combine(FIRST, datetime.min.time(), UTC))
    server = BadServer(clock, seed, frozenset(owners[::REFUSED_EVERY]))
    Database(url).migrate()
    with listening(server) as port:
        deaths: dict[str, int] = defaultdict(int)
        smtp = SmtpChannel(host="127.0.0.1", port=port, security=NONE, timeout_seconds=20)
        channel = MortalChannel(smtp, random.Random(f"{seed} deaths"), deaths)
        year = Year(world, server, clock, url, channel, deaths=deaths, step=HOUR * hours)
        chance = random.Random(f"{seed} judged")
        for _ in range(days * 24 // hours):
            year.check(chance)
            clock.now += HOUR * hours
        last, server.is_well = clock.now, True
        for _ in range(SETTLING_HOURS):
            database = Database(url)
            send_due(database, MailOnly(MortalChannel(smtp, NEVER, deaths)), clock)
            database.close()
            clock.now += HOUR
        return judged(year, Database(url), last)


class _Never(random.Random):
    def random(self) -> float:
        return 0.5


NEVER = _Never()


def judged(year: Year, database: Database, last: datetime) -> Outcome:
    """What the recipients saw, deduplicated by Message-ID, against what was due."""
    rows = {one.delivery_id: one for one in database.select(deliveries)}
    ledger = {one.alert_id: one for one in database.select(alerts)}
    first: dict[str, Got] = {}
    contents: dict[str, set[bytes]] = defaultdict(set)
    for got in year.server.got:
        first.setdefault(got.message_id, got)
        contents[got.message_id].add(got.content)
    told: dict[str, list[Got]] = defaultdict(list)
    by_project: dict[str | None, list[Got]] = defaultdict(list)
    for got in first.values():
        for name in rows[got.key].about.split(","):
            told[name].append(got)
        for project in {ledger[name].project for name in rows[got.key].about.split(",")}:
            by_project[project].append(got)
    queued = {project: [(rows[got.key], got.level) for got in mails] for project, mails in by_project.items()}
    untold = [name for name in year.due if name not in told]
    lapsed = [
        name
        for name in untold
        if name in ledger and ledger[name].state in {OPEN, RESOLVED} and _had_a_mail(year, name, queued[year.due[name][0].project], last)
    ]
    late = sorted((min(got.at for got in told[name]) - year.due[name][2]) // HOUR for name in year.due if name in told)
    states = [one.state for one in rows.values()]
    return Outcome(
        checks=year.checks,
        due=len(year.due),
        delivered=sum(name in told for name in year.due),
        waits_at_end=len(lapsed),
        mails=len(first),
        receipts=len(year.server.got),
        dead_letters=states.count(DEAD),
        deaths=dict(year.deaths),
        answers=dict(year.server.answers),
        missing=len(untold) - len(lapsed),
        missing_ones=[
            f"{year.due[name][0].budget_id} {year.due[name][1].percent} {year.due[name][3]} {ledger[name]}"
            for name in untold
            if name in ledger and name not in lapsed
        ],
        told_twice=sum(len(mails) > 1 for mails in told.values()),
        too_soon=sum(_too_soon(mails) for mails in by_project.values()),
        other_bytes=sum(len(one) > 1 for one in contents.values()),
        lapsed_wrongly=sum(name not in ledger for name in untold),
        still_waiting=sum(state in UNSENT for state in states),
        late_hours=late[len(late) * 99 // 100] if late else 0,
        most_in_24_hours=max((_near(mails) for mails in by_project.values()), default=0),
    )


def _had_a_mail(year: Year, name: str, mails: Sequence[tuple[Delivery, str]], last: datetime) -> bool:
    """Whether a mail at least as severe stood against it until its period (or the simulation) was over: one of the last 24 hours,
    by the moment at which the sender knew that it went, or one that waited. `mails`: those of its project.
    """
    _, mark, _, end = year.due[name]
    over = min(start_of(end + ONE_DAY * TOLD_DAYS), last)
    return any(
        LEVELS.index(level) >= LEVELS.index(mark.level) and (one.queued_at or over) < over and one.sent_at > over - year.step - DAY
        for one, level in mails
    )


def _too_soon(mails: Sequence[Got]) -> int:
    """Mails within 24 hours of another that was as severe."""
    return sum(bool(near) for near in _before(mails))


def _near(mails: Sequence[Got]) -> int:
    return 1 + max(_before(mails))


def _before(mails: Sequence[Got]) -> list[int]:
    """For each mail, how many of the 24 hours before it were as severe."""
    rising = sorted(mails, key=lambda got: got.at)
    return [
        sum(got.at - one.at < DAY and LEVELS.index(one.level) >= LEVELS.index(got.level) for one in rising[:number])
        for number, got in enumerate(rising)
    ]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("budgets", 200), ("days", 365), ("hours", 1), ("seed", SEED)):
        asked.add_argument(f"--{name}", type=int, default=value)
    asked.add_argument("--database", help="URL of an empty database.  [SQLite in a temporary folder]")
    given = asked.parse_args()
    began = perf_counter()
    memory = Path("/dev/shm")  # noqa: S108 - a database that need not outlive the run
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        outcome = run(given.budgets, given.days, given.hours, given.seed, given.database or f"sqlite:///{folder}/year.db")
    seconds = round(perf_counter() - began)
    told = {name: getattr(outcome, name) for name in Outcome.__slots__}
    print(json.dumps({**vars(given), **told, "faults": outcome.faults, "seconds": seconds}, indent=1))


if __name__ == "__main__":
    main()
