"""Mail by SMTP: several messages over one connection, each of which the server takes or not."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage

import eventlet

from services.notify.channels.http import Late
from services.notify.channels.model import (
    Accepted,
    Answer,
    CannotTell,
    Enquiry,
    Finding,
    Letter,
    NoAnswer,
    NotReceived,
    Refused,
)

MOST_PER_CALL = 20
SUBJECT_CHARACTERS = 40
SECURITY = ("tls", "starttls", "none")


class MailChannel:
    """One SMTP server. It cannot be asked later: an answer that was lost stays unknown."""

    most_per_call = MOST_PER_CALL
    can_be_asked = False
    polls = False
    one_text_per_call = False

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        timeout: float,
        security: str = "tls",
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._timeout = timeout
        self._security = security
        self._user = user
        self._password = password

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Hand over one after another; what was not begun when the time ends was certainly not received."""
        answers: list[Answer] = []
        begun = False
        server: smtplib.SMTP | None = None
        try:
            with eventlet.Timeout(self._timeout, Late):
                server = self._connect()
                for each in letters:
                    if server.sock is None:  # it hung up with its last answer (421): the rest never began
                        break
                    begun = True
                    answers.append(self._hand_over(server, each))
                    begun = False
        except smtplib.SMTPAuthenticationError:
            answers += [NotReceived("provider_refuses_us")]
        except (smtplib.SMTPException, OSError, Late):
            answers += [NoAnswer("no_answer", over=True) if begun else NotReceived("provider_unreachable")]
        finally:
            if server is not None:
                server.close()
        left = len(letters) - len(answers)
        return [*answers, *[NotReceived("provider_unreachable")] * left]

    def find(self, enquiry: Enquiry) -> Finding:
        """Nothing: mail servers answer no such question."""
        return CannotTell()

    def _connect(self) -> smtplib.SMTP:
        trust = ssl.create_default_context()
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=trust
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
            if self._security == "starttls":
                server.starttls(context=trust)
        if self._user is not None:
            server.login(self._user, self._password or "")
        server.ehlo_or_helo_if_needed()  # a server that refuses even that refuses no message
        return server

    def _hand_over(self, server: smtplib.SMTP, letter: Letter) -> Answer:
        try:
            mail = _mail(self._sender, letter)
        except ValueError:  # what the recipient gave is no address
            return Refused("refused")
        try:
            server.send_message(mail, self._sender, [letter.address])
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _),) = refused.recipients.values()
            return _meaning(code)
        except smtplib.SMTPNotSupportedError:  # an address beyond ASCII, to a server without SMTPUTF8
            return Refused("refused")
        except smtplib.SMTPSenderRefused as refused:  # of us, not of the message
            return NotReceived("provider_refuses_us" if refused.smtp_code >= 500 else "provider_busy")
        except smtplib.SMTPResponseException as refused:
            if isinstance(refused, smtplib.SMTPConnectError) or refused.smtp_code == -1:
                raise
            return _meaning(refused.smtp_code)
        return Accepted(None)


def _mail(sender: str, letter: Letter) -> EmailMessage:
    """The mail; raises ``ValueError`` for an address that is none. Its id is made of our reference, so that a
    server or a reader that gets it twice can tell."""
    mail = EmailMessage()
    to, own = Address(addr_spec=letter.address), Address(addr_spec=sender)
    mail["From"], mail["To"] = own, to
    mail["Subject"] = letter.text.split("\n", 1)[0][:SUBJECT_CHARACTERS]
    mail["Message-ID"] = f"<{letter.reference}@{own.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    return mail


def _meaning(code: int) -> Answer:
    return Refused("refused") if code >= 500 else NotReceived("provider_busy")
