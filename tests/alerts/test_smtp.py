"""A real SMTP conversation on loopback: STARTTLS with a certificate of our own, log-in, refusals, a stranger's certificate."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.channels.smtp import NONE, TLS, SmtpChannel
from usage_pipeline.tables.alerts import Receipt

PASSWORD = "correct-horse-battery"  # noqa: S105


@dataclass
class Server:
    """A mail server that knows one user, and refuses the addresses it is told to refuse."""

    certificate: Path
    answers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[list[str], bytes, bool]] = field(default_factory=list)
    after_data: str = "250 kept"
    at_the_end: str = "221 bye"
    port: int = 0

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object) -> AuthResult:
        good = isinstance(login, LoginPassword) and login.login == b"mailer" and login.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.received.append((list(envelope.rcpt_tos), envelope.content, session.ssl is not None))
        return self.after_data

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.at_the_end

    def channel(self, **changes: object) -> SmtpChannel:
        made = SmtpChannel(
            host="localhost", port=self.port, username="mailer", password=PASSWORD, authorities=self.certificate, timeout_seconds=10
        )
        return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself; its key lies beside it."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return folder / "certificate.pem"


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    handler = Server(certificate)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate, certificate.with_name("key.pem"))
    controller = Controller(
        handler, hostname="localhost", port=_free_port(), tls_context=trust, require_starttls=True, auth_required=True,
        authenticator=handler.authenticate,
    )  # fmt: skip
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


def message(*recipients: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "support-portal at 92 % of $500"
    made["From"] = "AI cost <ai-cost@example.org>"
    made["To"] = ", ".join(recipients or ("ana@example.org",))
    made.set_content("Grüße", cte="quoted-printable")
    return made


def failure(channel: SmtpChannel, *recipients: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        channel.send(message(*recipients))
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None
    return raised.value


def test_delivered_encrypted_and_logged_in(server: Server) -> None:
    receipt = server.channel().send(message("ana@example.org", "lea@example.org"))
    assert receipt == Receipt(channel="smtp", text=f"accepted by localhost:{server.port}")
    ((recipients, content, encrypted),) = server.received
    assert (recipients, encrypted) == (["ana@example.org", "lea@example.org"], True)
    assert b"Gr=C3=BC=C3=9Fe" in content


def test_one_refused_of_two_is_named_in_the_receipt(server: Server) -> None:
    server.answers["lea@example.org"] = "550 no such user"
    receipt = server.channel().send(message("ana@example.org", "lea@example.org"))
    assert receipt.text.endswith("; refused: lea@example.org (550 no such user)")
    assert [recipients for recipients, _, _ in server.received] == [["ana@example.org"]]


def test_one_of_two_refused_for_now_gets_it_later(server: Server) -> None:
    server.answers["lea@example.org"] = "451 greylisted"
    receipt = server.channel().send(message("ana@example.org", "lea@example.org"))
    assert receipt.later == ("lea@example.org",)
    assert receipt.text.endswith("; refused: lea@example.org (451 greylisted)")
    del server.answers["lea@example.org"]
    again = server.channel().send(message("ana@example.org", "lea@example.org"), receipt.later)
    assert again.later == ()
    assert [recipients for recipients, _, _ in server.received] == [["ana@example.org"], ["lea@example.org"]]
    first, second = (content for _, content, _ in server.received)
    assert first == second


@pytest.mark.parametrize("spot", ["recipient", "message"])
def test_refused_for_now_then_accepted_then_refused_for_good(server: Server, spot: str) -> None:
    """STARTTLS and log-in each time; the message that goes out at last is the one that was refused."""

    def answer(text: str) -> None:
        server.answers = {"ana@example.org": text} if spot == "recipient" and text else {}
        server.after_data = text if spot == "message" and text else "250 kept"

    answer("451 try again later")
    assert isinstance(failure(server.channel()), TemporaryDeliveryError)
    answer("")
    assert server.channel().send(message()).channel == "smtp"
    answer("550 no")
    assert isinstance(failure(server.channel()), PermanentDeliveryError)
    assert all(encrypted for _, _, encrypted in server.received)
    assert len({content for _, content, _ in server.received}) == 1


def test_what_was_accepted_stays_so_when_the_goodbye_fails(server: Server) -> None:
    server.at_the_end = "421 shutting down"
    assert server.channel().send(message()).text == f"accepted by localhost:{server.port}"
    assert len(server.received) == 1


def test_everyone_refused_for_good(server: Server) -> None:
    server.answers = {"ana@example.org": "550 no such user"}
    error = failure(server.channel())
    assert isinstance(error, PermanentDeliveryError)
    assert "refused every recipient: ana@example.org (550 no such user); check the addresses" in str(error)


def test_everyone_refused_for_now(server: Server) -> None:
    server.answers = {"ana@example.org": "451 greylisted", "lea@example.org": "550 no such user"}
    error = failure(server.channel(), "ana@example.org", "lea@example.org")
    assert isinstance(error, TemporaryDeliveryError)
    assert "ana@example.org (451 greylisted), lea@example.org (550 no such user); it is sent again at the next check" in str(error)


@pytest.mark.parametrize(("answer", "kind"), [("452 disk full", TemporaryDeliveryError), ("554 looks like spam", PermanentDeliveryError)])
def test_the_message_itself_refused(server: Server, answer: str, kind: type[DeliveryError]) -> None:
    server.after_data = f"{answer} {PASSWORD}"
    error = failure(server.channel())
    assert type(error) is kind
    assert f"answered {answer[:3]}: {answer[4:]} ***;" in str(error)


def test_an_unknown_authority_is_not_trusted(server: Server) -> None:
    error = failure(server.channel(authorities=None))
    assert isinstance(error, PermanentDeliveryError)
    assert f"localhost:{server.port} is not trusted (self-signed certificate)" in str(error)
    assert server.received == []


def test_another_hosts_certificate_is_not_trusted(server: Server) -> None:
    error = failure(server.channel(host="127.0.0.1"))
    assert isinstance(error, PermanentDeliveryError)
    assert "is not trusted (IP address mismatch" in str(error)


def test_a_wrong_password_is_said_but_not_shown(server: Server) -> None:
    error = failure(server.channel(password="wrong-" + PASSWORD))
    assert isinstance(error, PermanentDeliveryError)
    assert str(error) == f"localhost:{server.port} refused the log-in of 'mailer' (535): check user name and password"


def test_a_server_that_is_away(certificate: Path) -> None:
    error = failure(Server(certificate, port=_free_port()).channel())
    assert isinstance(error, TemporaryDeliveryError)
    assert "cannot be reached or hung up (ConnectionRefusedError); it is sent again" in str(error)


def test_a_server_that_says_nothing(certificate: Path) -> None:
    with socket.create_server(("localhost", 0)) as silent:
        error = failure(Server(certificate, port=silent.getsockname()[1]).channel(timeout_seconds=0.2))
    assert isinstance(error, TemporaryDeliveryError)
    assert "cannot be reached or hung up" in str(error)


def test_a_file_of_authorities_that_is_none(certificate: Path) -> None:
    missing, key = certificate.with_name("missing.pem"), certificate.with_name("key.pem")
    for file in (missing, key):
        with pytest.raises(PermanentDeliveryError, match=f"the authorities file {file} cannot be used"):
            SmtpChannel(host="localhost", authorities=file).send(message())


def test_encryption_is_not_left_out(certificate: Path) -> None:
    controller = Controller(Server(certificate), hostname="localhost", port=_free_port())
    controller.start()
    try:
        error = failure(Server(certificate, port=controller.port).channel())
        tls = failure(Server(certificate, port=controller.port).channel(security=TLS))
        plain = SmtpChannel(host="localhost", port=controller.port, security=NONE).send(message())
    finally:
        controller.stop()
    assert isinstance(tls, PermanentDeliveryError)
    assert "does not speak TLS here" in str(tls)
    assert isinstance(error, PermanentDeliveryError)
    assert "STARTTLS extension not supported by server" in str(error)
    assert plain.channel == "smtp"


def test_tls_from_the_start(certificate: Path) -> None:
    handler = Server(certificate)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate, certificate.with_name("key.pem"))
    controller = Controller(handler, hostname="localhost", port=_free_port(), ssl_context=trust)
    controller.start()
    handler.port = controller.port
    try:
        receipt = handler.channel(security=TLS, username=None, password=None).send(message())
    finally:
        controller.stop()
    assert receipt.text == f"accepted by localhost:{handler.port}"


def test_a_password_never_goes_in_the_clear_nor_into_a_repr() -> None:
    with pytest.raises(PermanentDeliveryError, match="a password is not sent without encryption"):
        SmtpChannel(host="mail.example.org", username="mailer", password=PASSWORD, security=NONE)
    with pytest.raises(PermanentDeliveryError, match="one of starttls, tls, none, not 'ssl'"):
        SmtpChannel(host="mail.example.org", security="ssl")
    assert PASSWORD not in repr(SmtpChannel(host="mail.example.org", username="mailer", password=PASSWORD))


def _free_port() -> int:
    with socket.create_server(("localhost", 0)) as found:
        return int(found.getsockname()[1])
