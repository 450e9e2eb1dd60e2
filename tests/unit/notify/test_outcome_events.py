"""Another system hears how the message ended that it asked for, also where nobody will ever know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.contracts.notify_events import (
    MessageChanged,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    MessageSuppressed,
)
from services.notify.messages.documents import change_of, new_state
from services.notify.messages.model import Message, State, created, noted, suppress
from services.notify.messages.outcomes import receipt
from tests.mailing import purpose

NOW = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
ASKED = {"requested_by": "/campus/library", "event": "e-1", "reference": "loan-1"}
QUEUED = created(NOW, NOW, None)
SENT = replace(QUEUED, state=State.SENT, attempts=1)
SILENT = noted(SENT, "never_reported", NOW)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (SENT, receipt(SENT, "delivered", NOW), [MessageChanged, MessageDelivered]),
        (SENT, receipt(SENT, "failed", NOW), [MessageChanged, MessageFailed]),
        (QUEUED, suppress(QUEUED, "declined", NOW), [MessageChanged, MessageSuppressed]),
        (QUEUED, SENT, [MessageChanged]),  # it will be reported, or asked for
        (QUEUED, SILENT, [MessageChanged, MessageSent]),
        (SENT, SILENT, [MessageSent]),
        (SENT, replace(SENT, asked=1), []),
        (SILENT, receipt(SILENT, "delivered", NOW), [MessageChanged, MessageDelivered]),
    ],
)
def test_whoever_asked_hears_how_it_ended(before: Message, after: Message, told: list[type]) -> None:
    about = replace(purpose("asked", 1, "branch", "secretary"), kind="campus", request=ASKED)
    change = change_of(new_state(about, before), before, after, None)
    assert [each.contract for each in change.events] == told
    for each in change.events[-1:]:
        if each.contract is not MessageChanged:
            assert {**each.data, **ASKED} == each.data
            assert each.data["reason"] == after.reason
    unasked = replace(about, request=None)
    changed = change_of(new_state(unasked, before), before, after, None).events
    assert {each.contract for each in changed} <= {MessageChanged}
