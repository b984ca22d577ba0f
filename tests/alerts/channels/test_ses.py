"""Amazon SES: real calls over loopback. moto keeps the mails; a receiver stands in where SES refuses, is slow or away."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from hook_receiver import Receiver, Reply, receiving
from moto.ses.models import ses_backends
from s3_server import ACCOUNT, moto_port

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.channels.ses import SesChannel

REGION = "eu-west-1"
SECRET = "not-a-real-secret"  # noqa: S105


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Those of the variables, and no others."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mailer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/credentials")


@pytest.fixture
def ses() -> Iterator[str]:
    """The address of SES, where one sender is verified and one configuration set is known."""
    backend = ses_backends[ACCOUNT][REGION]
    backend.reset()
    backend.verify_email_identity("ai-cost@example.org")
    yield f"http://127.0.0.1:{moto_port()}"
    backend.reset()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def message() -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "support-portal at 92 % of $500"
    made["From"] = "AI cost <ai-cost@example.org>"
    made["To"] = "Ana <ana@example.org>, lea@example.org"
    made["Message-ID"] = "<0123456789abcdef@example.org>"
    made["X-Usage-Key"] = "0123456789abcdef"
    made["X-Usage-Level"] = "warning"
    made["X-Usage-Scope"] = "projects/support portal"
    made.set_content("Grüße", cte="quoted-printable")
    return made


def channel(receiver: Receiver, **changes: float) -> SesChannel:
    return SesChannel(region=REGION, endpoint=receiver.url.split("/services")[0], **{"timeout_seconds": 10.0} | changes)


def failure(made: SesChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        made.send(message())
    assert raised.value.__cause__ is None
    assert SECRET not in str(raised.value)
    return raised.value


def refusal(status: int, code: str, words: str = "no") -> Reply:
    return Reply(status, f'{{"message": "{words}"}}', {"x-amzn-ErrorType": code, "Content-Type": "application/json"})


def test_delivered(ses: str) -> None:
    receipt = SesChannel(region=REGION, endpoint=ses).send(message())
    (sent,) = ses_backends[ACCOUNT][REGION].sent_messages
    assert receipt.channel == "ses"
    assert receipt.text == f"accepted by SES in {REGION} as {sent.id}"
    assert sent.destinations[:2] == ["ana@example.org", "lea@example.org"]  # moto adds those of the headers
    kept = email.message_from_string(sent.raw_data, policy=email.policy.default)
    assert (kept["Subject"], kept["X-Usage-Key"]) == ("support-portal at 92 % of $500", "0123456789abcdef")
    assert kept.get_content() == "Grüße\r\n"


def test_what_is_asked(receiver: Receiver) -> None:
    receiver.replies = [Reply(200, '{"MessageId": "0100"}', {"Content-Type": "application/json"})]
    endpoint = receiver.url.split("/services")[0]
    SesChannel(region=REGION, endpoint=endpoint, configuration_set="alerts").send(message())
    (post,) = receiver.received
    assert post.path == "/v2/email/outbound-emails"
    assert f"/{REGION}/ses/aws4_request" in post.headers["authorization"]
    asked = post.document
    assert asked["ConfigurationSetName"] == "alerts"
    assert asked["EmailTags"] == [
        {"Name": "usage-key", "Value": "0123456789abcdef"},
        {"Name": "usage-level", "Value": "warning"},
        {"Name": "usage-scope", "Value": "projects-support-portal"},
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "TooManyRequestsException"), (400, "LimitExceededException"), (500, "InternalFailure"), (503, "ServiceUnavailable")],
)
def test_later(receiver: Receiver, status: int, code: str) -> None:
    receiver.replies = [refusal(status, code, "slow down")]
    error = failure(channel(receiver))
    assert isinstance(error, TemporaryDeliveryError)
    assert str(error) == f"SES in {REGION} answered {code}: slow down; it is sent again"
    assert len(receiver.received) == 1  # the SDK does not send a mail twice


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "MessageRejected"), (400, "MailFromDomainNotVerifiedException"), (403, "AccessDeniedException"), (404, "NotFoundException")],
)
def test_never(receiver: Receiver, status: int, code: str) -> None:
    receiver.replies = [refusal(status, code, "Email address is not verified")]
    error = failure(channel(receiver))
    assert isinstance(error, PermanentDeliveryError)
    assert f"answered {code}: Email address is not verified; check the sender's identity" in str(error)


def test_then_success(receiver: Receiver) -> None:
    receiver.replies = [refusal(429, "TooManyRequestsException"), Reply(200, '{"MessageId": "0100"}', {"Content-Type": "application/json"})]
    assert isinstance(failure(channel(receiver)), TemporaryDeliveryError)
    assert channel(receiver).send(message()).text.endswith("as 0100")
    first, second = (post.document["Content"]["Raw"]["Data"] for post in receiver.received)
    assert first == second


def test_away_or_silent(receiver: Receiver) -> None:
    receiver.replies = [Reply(after=0.6), Reply(is_cut=True)]
    silent, cut = failure(channel(receiver, timeout_seconds=0.2)), failure(channel(receiver))
    away = failure(SesChannel(region=REGION, endpoint="http://127.0.0.1:9"))
    for error in (silent, cut, away):
        assert isinstance(error, TemporaryDeliveryError)
        assert "cannot be reached or hung up" in str(error)


def test_without_credentials(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = failure(channel(receiver))
    assert isinstance(error, PermanentDeliveryError)
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(error)


def test_an_endpoint_that_is_none() -> None:
    error = failure(SesChannel(region=REGION, endpoint="nonsense"))
    assert isinstance(error, PermanentDeliveryError)
    assert "check USAGE_SES_REGION, USAGE_SES_ENDPOINT and AWS_PROFILE" in str(error)
