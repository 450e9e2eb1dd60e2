"""Reports of providers: who may make them, and which message each is about."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

from services.chassis.clock import Clock
from services.chassis.errors import Contended, Invalid, Unauthenticated
from services.notify.channels.answers import read_reports
from services.notify.channels.lines import Line
from services.notify.channels.model import Report
from services.notify.channels.providers import AT_SMS_URL
from services.notify.messages import outcomes
from services.notify.messages.addressing import Addresses
from services.notify.messages.calls import Calls
from services.notify.messages.model import Message
from services.notify.messages.store import Decide, Messages


class Receipts:
    """Takes what providers report. A repeat changes nothing; what is unknown here is passed over."""

    def __init__(
        self,
        messages: Messages,
        calls: Calls,
        addresses: Addresses,
        clock: Clock,
        lines: Callable[[], Sequence[Line]],
    ) -> None:
        self._messages = messages
        self._calls = calls
        self._addresses = addresses
        self._clock = clock
        self._lines = lines

    def take(self, provider: str, token: str | None, signature: str | None, body: str) -> int:
        """How many messages the reports in ``body`` changed.

        Raises ``Unauthenticated`` unless the provider shows its secret, ``Invalid`` for what is no report,
        ``Contended`` where somebody holds on to one of the messages: then it is to be repeated.
        """
        line = self._shown_by(provider, token, signature, body)
        if line.reports is None:
            raise Invalid("receipt.unreadable")
        try:
            reports = read_reports(line.reports, body)
        except ValueError:
            raise Invalid("receipt.unreadable") from None
        return self._apply(line, reports)

    def take_one(self, provider: str, token: str | None, reference: str, outcome: str) -> bool:
        """Whether one report changed the message ``reference``; raises as ``take`` does."""
        line = self._shown_by(provider, token or "", None, "")
        return bool(self._apply(line, [Report(reference, outcome)]))

    def _shown_by(self, provider: str, token: str | None, signature: str | None, body: str) -> Line:
        """The provider, which showed its secret; raises ``Unauthenticated``."""
        line = next((each for each in self._lines() if each.name == provider), None)
        secret = line.receipt_secret if line is not None else None
        if line is None or not secret or not _is_shown(secret, token, signature, body):
            raise Unauthenticated("receipt.token_wrong")
        return line

    def _apply(self, line: Line, reports: Sequence[Report]) -> int:
        decided: dict[str, Decide] = {}
        for each in reports:
            # The first of several about one message counts, as it would one after another.
            decided.setdefault(self._message(line, each), self._decide(line, each))
        changed = self._messages.change_many(decided)
        if changed.held:
            raise Contended("store.contended")  # the provider repeats it, which is no matter for the others
        return len(changed.messages)

    def _message(self, line: Line, report: Report) -> str:
        if report.address is None:
            return report.reference
        fingerprint = self._addresses.fingerprint(line.channel, report.address)
        return self._calls.message(report.reference, fingerprint) or report.reference

    def _decide(self, line: Line, report: Report) -> Decide:
        def decide(message: Message) -> Message | None:
            # One provider says nothing of what another one has. Before there were several none was named.
            if (message.provider or AT_SMS_URL) != line.name:
                return None
            return outcomes.receipt(message, report.outcome, self._clock.now())

        return decide


def _is_shown(secret: str, token: str | None, signature: str | None, body: str) -> bool:
    if token is not None:
        return hmac.compare_digest(token.encode(), secret.encode())
    expected = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return signature is not None and hmac.compare_digest(signature.encode(), expected.encode())
