"""Mails through an SMTP server: STARTTLS with a verified certificate (or TLS from the start), log-in, time limit.

Codes: RFC 5321 §4.2.1 (4yz: try again, 5yz: do not). Errors name the server, its answer and the mend; the password is in none.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.tables.alerts import Receipt

SMTP_CHANNEL = "smtp"
STARTTLS = "starttls"
TLS = "tls"
NONE = "none"
SECURITIES = (STARTTLS, TLS, NONE)

_LATER = "it is sent again at the next check"
_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpChannel:
    """Where mail is handed in. `security` none is for a sink on the same machine: a password is never sent without encryption.

    `authorities` is a file of certificate authorities to trust instead of the system's. Raises PermanentDeliveryError
    for a `security` that is none of SECURITIES, and for a user name without encryption.
    """

    host: str
    port: int = 587
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    security: str = STARTTLS
    authorities: Path | None = None
    timeout_seconds: float = 30

    def __post_init__(self) -> None:
        if self.security not in SECURITIES:
            raise PermanentDeliveryError(f"SMTP security is one of {', '.join(SECURITIES)}, not {self.security!r}", is_of_the_way=True)
        if self.username and self.security == NONE:
            raise PermanentDeliveryError(
                f"{self._server}: a password is not sent without encryption: set security to {STARTTLS} or {TLS}", is_of_the_way=True
            )

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:
        """Hand `message` to the server, for all its recipients or for those given.

        Those refused while others were accepted are named in the receipt; whom the server may take later, in its `later`.
        Raises TemporaryDeliveryError (try again) or PermanentDeliveryError (mend something first).
        """
        trust = None if self.security == NONE else self._trust()
        refused: dict[str, tuple[int, bytes]] | None = None
        try:
            with self._session(trust) as session:
                refused = session.send_message(message, to_addrs=recipients)
        except (smtplib.SMTPException, OSError) as error:
            if refused is None:  # else it was accepted, and only the goodbye went wrong
                raise self._told(error) from None  # the library's own may repeat what was sent
        return self._receipt(refused or {})

    def _receipt(self, refused: dict[str, tuple[int, bytes]]) -> Receipt:
        told = f"; refused: {self._clean(_answers(refused))}" if refused else ""
        later = tuple(sorted(address for address, (code, _) in refused.items() if code < _PERMANENT))
        return Receipt(channel=SMTP_CHANNEL, text=f"accepted by {self._server}{told}", later=later)

    @property
    def _server(self) -> str:
        return f"{self.host}:{self.port}"

    def _trust(self) -> ssl.SSLContext:
        """Whom to trust: the system's authorities, or those of the file."""
        try:
            return ssl.create_default_context(cafile=None if self.authorities is None else str(self.authorities))
        except OSError as error:  # a file that is no certificate is an ssl.SSLError, which is one
            mend = "name a file of PEM certificates"
            raise PermanentDeliveryError(
                f"the authorities file {self.authorities} cannot be used ({error.strerror}): {mend}", is_of_the_way=True
            ) from error

    @contextmanager
    def _session(self, trust: ssl.SSLContext | None) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted and logged in."""
        if self.security == TLS:
            session: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=trust)
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        with session:
            if self.security == STARTTLS:
                session.starttls(context=trust)
            if self.username:
                session.login(self.username, self.password or "")
            yield session

    def _told(self, error: smtplib.SMTPException | OSError) -> DeliveryError:
        """What went wrong as one of our two errors."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return self._refused(error)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            text = f"{self._server} refused the log-in of {self.username!r} ({error.smtp_code}): check user name and password"
            return PermanentDeliveryError(text, is_of_the_way=True) if error.smtp_code >= _PERMANENT else TemporaryDeliveryError(text)
        if isinstance(error, smtplib.SMTPResponseException):
            text = f"{self._server} answered {error.smtp_code}: {self._clean(error.smtp_error)}; {_mend(error.smtp_code)}"
            return _failure(error.smtp_code)(text)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return PermanentDeliveryError(
                f"{self._server} cannot do what is asked: {error}; check the port and the security setting", is_of_the_way=True
            )
        if isinstance(error, ssl.SSLError):
            return self._distrusted(error)
        return TemporaryDeliveryError(f"{self._server} cannot be reached or hung up ({type(error).__name__}); {_LATER}")

    def _refused(self, error: smtplib.SMTPRecipientsRefused) -> DeliveryError:
        """Nobody was accepted: to be tried again if any of them may be accepted then."""
        codes = [code for code, _ in error.recipients.values()]
        code = min(codes)
        return _failure(code)(f"{self._server} refused every recipient: {self._clean(_answers(error.recipients))}; {_mend(code)}")

    def _distrusted(self, error: ssl.SSLError) -> PermanentDeliveryError:
        if isinstance(error, ssl.SSLCertVerificationError):
            mend = "name the right host, or the file of the authority that signed its certificate"
            return PermanentDeliveryError(f"{self._server} is not trusted ({error.verify_message}): {mend}", is_of_the_way=True)
        return PermanentDeliveryError(
            f"{self._server} does not speak TLS here ({error.reason}): check the port and the security setting", is_of_the_way=True
        )

    def _clean(self, answer: bytes | str) -> str:
        """A server's answer on one line, without the password should it repeat it."""
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        return " ".join((text.replace(self.password, "***") if self.password else text).split())


def _failure(code: int) -> type[DeliveryError]:
    return PermanentDeliveryError if code >= _PERMANENT else TemporaryDeliveryError


def _mend(code: int) -> str:
    return "check the addresses, and whether the server lets this sender send" if code >= _PERMANENT else _LATER


def _answers(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} ({code} {text.decode(errors='replace')})" for address, (code, text) in sorted(refused.items()))
