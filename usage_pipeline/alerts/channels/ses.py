"""Mails through Amazon SES (API v2, SendEmail with the message as it is): credentials are those that boto3 finds, a role or variables.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. SES puts a Message-ID and a Date of its own in the place of ours,
and knows no idempotency key: the message's key goes with it as a tag and stays in the header X-Usage-Key, by which the same message is
recognised. So the SDK does not retry by itself; whoever sends does.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError, SSLError
from botocore.exceptions import ConnectionError as UnreachableError

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.mail import KEY_HEADER, LEVEL_HEADER, SCOPE_HEADER
from usage_pipeline.alerts.words import plain_sentence
from usage_pipeline.tables.alerts import Receipt

SES_CHANNEL = "ses"

_TAGS = {"usage-key": KEY_HEADER, "usage-level": LEVEL_HEADER, "usage-scope": SCOPE_HEADER}
_TAG_CHARACTERS = 256
_LATER = {"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException", "ServiceUnavailable", "RequestTimeout"}
_SERVER_ERRORS, _REQUEST_TIMEOUT, _TOO_MANY = 500, 408, 429
_WORDS = 200


@dataclass(frozen=True, kw_only=True)
class SesChannel:
    """SES of a region; at `endpoint` where one is given. `configuration_set` is what SES counts and reports bounces by.

    Its client is made once, as that takes longer than a mail.
    """

    region: str
    endpoint: str | None = None
    configuration_set: str | None = None
    timeout_seconds: float = 30

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:
        """Hand `message` over, for all its recipients or for those given: SES takes all of them or none.

        Raises TemporaryDeliveryError or PermanentDeliveryError if it did not take it.
        """
        named = recipients or [str(one) for header in ("To", "Cc", "Bcc") for one in message.get_all(header, [])]
        asked: dict[str, Any] = {
            "Destination": {"ToAddresses": [address for _, address in getaddresses(named)]},
            "Content": {"Raw": {"Data": message.as_bytes(policy=SMTP)}},
            "EmailTags": [{"Name": name, "Value": _tag(str(message[header]))} for name, header in _TAGS.items() if message[header]],
        }
        if self.configuration_set:
            asked["ConfigurationSetName"] = self.configuration_set
        with self._told():
            answer = self._client.send_email(**asked)
        return Receipt(channel=SES_CHANNEL, text=f"accepted by {self._name} as {answer.get('MessageId', 'a message without id')}")

    @property
    def _name(self) -> str:
        return f"SES in {self.region}"

    @cached_property
    def _client(self) -> Any:
        """It tries once: an answer that was lost may mean a mail that went out."""
        config = Config(connect_timeout=10, read_timeout=self.timeout_seconds, retries={"total_max_attempts": 1})
        return boto3.session.Session().client("sesv2", region_name=self.region, endpoint_url=self.endpoint, config=config)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong inside as one of our two errors."""
        fault: DeliveryError
        try:
            yield
        except ClientError as error:
            fault = self._refused(error)
        except (NoCredentialsError, PartialCredentialsError):
            mend = "give the machine a role that may ses:SendEmail, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            fault = PermanentDeliveryError(f"{self._name} cannot be asked without credentials: {mend}", is_of_the_way=True)
        except SSLError:  # before the lost connections, of which it is one
            mend = "check USAGE_SES_ENDPOINT and AWS_CA_BUNDLE"
            fault = PermanentDeliveryError(f"{self._name}: no trusted TLS connection could be made: {mend}", is_of_the_way=True)
        except (UnreachableError, HTTPClientError) as error:
            fault = TemporaryDeliveryError(f"{self._name} cannot be reached or hung up ({type(error).__name__}); it is sent again")
        except (BotoCoreError, ValueError) as error:
            mend = "check USAGE_SES_REGION, USAGE_SES_ENDPOINT and AWS_PROFILE"
            fault = PermanentDeliveryError(f"{self._name} cannot be asked ({type(error).__name__}): {mend}", is_of_the_way=True)
        else:
            return
        raise fault

    def _refused(self, error: ClientError) -> DeliveryError:
        said = error.response.get("Error", {})
        code, status = str(said.get("Code", "")), int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        words = plain_sentence(str(said.get("Message", "")))[:_WORDS]
        text = f"{self._name} answered {code}{f': {words}' if words else ''}"
        if code in _LATER or status in {_REQUEST_TIMEOUT, _TOO_MANY} or status >= _SERVER_ERRORS:
            return TemporaryDeliveryError(f"{text}; it is sent again")
        return PermanentDeliveryError(f"{text}; check the sender's identity, the configuration set and the permission ses:SendEmail")


def _tag(value: str) -> str:
    """A tag holds letters, digits, '_' and '-' only."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", value)[:_TAG_CHARACTERS]
