"""What waits is sent by one sender, in order, after a crash as the very same message, and is a dead letter in the end; on both kinds."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage

import pytest

from usage_pipeline.alerts.channels.channel import Channel, DocumentChannel, NoticeChannel, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.parcels import packed_mail, packed_notice, unpacked_mail, unpacked_notice
from usage_pipeline.defs.sending import send_due
from usage_pipeline.storage.alert_ledger import LEASE, claim, heads, record, revive
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.alerts import Alert, Delivery, Receipt, alerts, deliveries
from usage_pipeline.tables.notices import Link, Notice

DAY = date(2026, 10, 20)
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
ALERT = Alert(
    alert_id="a1", rule="budget_threshold", budget_id="b", project="portal", period_start=DAY, threshold=Decimal(90), level="warning",
    percent=Decimal(92), spent=Decimal(460), limit=Decimal(500), unit="USD", as_of=DAY, found_at=NOW, state="sent", scope="projects/portal",
    told=1, told_at=NOW,
)  # fmt: skip


def mail(key: str, text: str = "Grüße: 92 %\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["X-Usage-Key"], message["To"] = "portal – 92 % " + "long " * 30, key, "ana@example.org"
    message.set_content(text, cte="quoted-printable")
    return message


def parcel(key: str, *, project: str | None = "portal", level: str = "warning", about: str = "a1") -> Delivery:
    return Delivery(
        delivery_id=key, kind="alert", project=project, level=level, recipients="ana@example.org,ben@example.org", subject="s", channel="",
        about=about, as_of=DAY, sent_at=NOW, receipt="", state="pending", message=packed_mail(mail(key)),
    )  # fmt: skip


@dataclass
class Server:
    """Takes messages, or raises what it was told to."""

    answers: list[Exception | Receipt | None] = field(default_factory=list)
    got: list[tuple[str, Sequence[str] | None]] = field(default_factory=list)

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.got.append((str(message["X-Usage-Key"]), recipients))
        return answer or Receipt(channel="smtp", text="taken")

    def mail(self) -> Channel:
        return self

    def notices(self, name: str) -> NoticeChannel:
        raise PermanentDeliveryError(name)

    def documents(self, name: str) -> DocumentChannel:
        raise PermanentDeliveryError(name)

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.got]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    opened = Database(request.getfixturevalue("postgres_url"))
    opened.migrate()
    yield opened
    opened.close()


def write(store: Database, *parcels: Delivery, now: datetime = NOW, found: Sequence[Alert] = (ALERT,)) -> bool:
    return record(store, found, parcels, store.select(alerts), {one.delivery_id for one in store.select(deliveries)}, judged_at=now,
                  queued_at=now)  # fmt: skip


def row(store: Database, key: str) -> Delivery:
    return store.select(deliveries, where={"delivery_id": key})[0]


def test_sent_once_and_marked(store: Database) -> None:
    server = Server()
    assert write(store, parcel("m1"))
    assert [one.delivery_id for one in send_due(store, server, lambda: NOW).out] == ["m1"]
    assert send_due(store, server, lambda: NOW).out == ()
    one = row(store, "m1")
    assert (one.state, one.channel, one.receipt, one.attempts, one.message, one.claimed_by) == ("sent", "smtp", "taken", 1, None, None)
    assert server.keys == ["m1"]


def test_a_wait_that_grows_then_sent_with_the_moment_that_it_went(store: Database) -> None:
    server = Server([TemporaryDeliveryError("451 later"), TemporaryDeliveryError("429", 3600)])
    write(store, parcel("m1"))
    assert send_due(store, server, lambda: NOW).failed == ("ana@example.org,ben@example.org: 451 later",)
    first = row(store, "m1")
    assert first.next_attempt_at is not None
    assert (first.state, first.receipt) == ("retrying", "451 later")
    assert timedelta(minutes=1) <= first.next_attempt_at - NOW < timedelta(minutes=2)
    assert send_due(store, server, lambda: NOW + timedelta(seconds=30)).failed == (), "not due yet"
    send_due(store, server, lambda: NOW + timedelta(minutes=5))
    second = row(store, "m1").next_attempt_at
    assert second is not None
    assert second >= NOW + timedelta(minutes=65)
    assert first.message == row(store, "m1").message
    send_due(store, server, lambda: NOW + timedelta(hours=3))
    assert (row(store, "m1").state, row(store, "m1").sent_at) == ("sent", NOW + timedelta(hours=3))


def test_refused_by_some_goes_again_to_those_alone(store: Database) -> None:
    server = Server([Receipt(channel="smtp", text="refused: ben", later=("ben@example.org",)), None])
    write(store, parcel("m1"))
    send_due(store, server, lambda: NOW)
    send_due(store, server, lambda: NOW + timedelta(hours=1))
    assert server.got == [("m1", None), ("m1", ["ben@example.org"])]
    assert row(store, "m1").state == "sent"


def test_a_dead_letter_opens_its_alerts_for_the_next_people_and_can_be_revived(store: Database) -> None:
    server = Server([PermanentDeliveryError("550 nobody here")])
    write(store, parcel("m1"))
    assert send_due(store, server, lambda: NOW).dead_count == 1
    assert (row(store, "m1").state, row(store, "m1").receipt) == ("dead", "550 nobody here")
    assert [(one.state, one.step) for one in store.select(alerts)] == [("open", 1)]
    assert send_due(store, server, lambda: NOW + timedelta(days=1)).out == ()
    assert revive(store) == 1
    assert [one.delivery_id for one in send_due(store, server, lambda: NOW + timedelta(days=1)).out] == ["m1"]


def test_a_letter_that_dies_after_its_period_opens_its_alerts_too(store: Database) -> None:
    """It waited over the end of the period, and the alert was resolved by then: nobody was told of it."""
    server = Server([TemporaryDeliveryError("451 later"), PermanentDeliveryError("550 nobody here")])
    write(store, parcel("m1"))
    send_due(store, server, lambda: NOW)
    store.upsert(alerts, [replace(one, state="resolved") for one in store.select(alerts)])
    assert send_due(store, server, lambda: NOW + timedelta(hours=1)).dead_count == 1
    assert [(one.state, one.step) for one in store.select(alerts)] == [("open", 1)]


def test_a_way_that_is_wrong_makes_no_dead_letters(store: Database) -> None:
    """A wrong password, say: every message would meet it, so all wait until it is mended."""
    server = Server([PermanentDeliveryError("535 who are you", is_of_the_way=True)])
    write(store, parcel("m1"))
    assert send_due(store, server, lambda: NOW).dead_count == 0
    assert (row(store, "m1").state, row(store, "m1").receipt) == ("retrying", "535 who are you")
    assert [one.delivery_id for one in send_due(store, server, lambda: NOW + timedelta(hours=1)).out] == ["m1"]


def test_nobody_takes_it_for_days(store: Database) -> None:
    server = Server([TemporaryDeliveryError("away")] * 2)
    write(store, parcel("m1"))
    send_due(store, server, lambda: NOW)
    send_due(store, server, lambda: NOW + timedelta(days=5))
    assert (row(store, "m1").state, row(store, "m1").receipt) == ("dead", "away; given up after 5 days")


def test_a_crash_after_sending_sends_the_very_same_message_again(store: Database) -> None:
    write(store, parcel("m1"))
    taken = claim(store, "m1", "a sender that dies", NOW)
    assert taken is not None
    server = Server()
    assert send_due(store, server, lambda: NOW + LEASE - timedelta(seconds=1)).out == ()
    assert len(send_due(store, server, lambda: NOW + LEASE).out) == 1
    assert (server.keys, row(store, "m1").attempts) == (["m1"], 2)


def test_of_two_senders_one_has_it(store: Database) -> None:
    write(store, parcel("m1"))
    found: list[Delivery | None] = []
    threads = [threading.Thread(target=lambda name=name: found.append(claim(store, "m1", name, NOW))) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in found if one is not None]) == 1


def test_none_overtakes_one_that_waits_about_its_project(store: Database) -> None:
    server = Server([TemporaryDeliveryError("451")])
    later = NOW + timedelta(minutes=5)
    write(store, parcel("m1"), replace(parcel("m0", project=None), about="a2"))
    send_due(store, server, lambda: NOW)
    assert server.keys in (["m1"], ["m0"])
    store.upsert(deliveries, [replace(row(store, "m1"), state="retrying", message=parcel("m1").message, attempts=7,
                                      next_attempt_at=NOW + timedelta(days=1))])  # fmt: skip
    critical = replace(ALERT, alert_id="a3", level="critical")
    assert write(store, parcel("m2", level="critical", about="a3"), now=later, found=[critical])
    assert row(store, "m1").next_attempt_at is None, "something more severe is to be told: both go now"
    send_due(store, server, lambda: later)
    assert [key for key in server.keys if key != "m0"][-2:] == ["m1", "m2"]


def test_in_quiet_hours_only_the_critical_is_due(store: Database) -> None:
    write(store, parcel("m1"), parcel("m2", project="other", level="critical"))
    with store.reading() as reading:
        assert heads(reading, NOW, levels=("critical",)) == ["m2"]


def test_what_others_wrote_in_between_is_judged_again(store: Database) -> None:
    assert record(store, [ALERT], [parcel("m1")], [], set(), judged_at=NOW, queued_at=NOW)
    assert not record(store, [ALERT], [parcel("m2")], [], set(), judged_at=NOW, queued_at=NOW), "its alert is there already"
    other = replace(ALERT, alert_id="a2")
    assert not record(store, [other], [parcel("m2", about="a2")], [], set(), judged_at=NOW, queued_at=NOW), "a mail went out meanwhile"
    assert [one.delivery_id for one in store.select(deliveries)] == ["m1"]


def test_a_mail_comes_back_byte_for_byte() -> None:
    packed = packed_mail(mail("k"))
    assert packed_mail(unpacked_mail(packed)) == packed
    assert unpacked_mail(packed).as_bytes() == packed.encode("ascii")


def test_a_notice_comes_back_as_it_was() -> None:
    notice = Notice(
        key="k", rule="anomaly", level="warning", scope="projects/x", project="x", subject="s", text="t\u00e9", occurred_at=NOW, as_of=DAY,
        facts={"spent": "4.60", "limit": None}, links=(Link(text="run", url="https://example.org"),),
    )  # fmt: skip
    assert unpacked_notice(packed_notice(notice)) == notice
