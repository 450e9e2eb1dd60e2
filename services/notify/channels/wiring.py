"""Every provider that is configured, the inbox, and those that are gone but were called before, as lines."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from services.chassis.clock import Clock
from services.chassis.settings import Settings
from services.notify.channels.breaker import Limits
from services.notify.channels.inbox import Inbox
from services.notify.channels.lines import Gone, Line
from services.notify.channels.model import Channel
from services.notify.channels.providers import INBOX, channel_of, read_providers
from services.notify.messages.patience import Sending


def lines_of(
    settings: Settings,
    inbox: Inbox,
    sending: Sending,
    clock: Clock,
    template_id: Callable[[str, str], str | None],
    *,
    still_asked: Collection[str],
) -> list[Line]:
    """The lines of this process.

    ``template_id(provider, key)`` is under which id a provider knows a template of ours; ``still_asked`` are
    those of which something has to be found out, whether they are configured or not.
    """
    lines = [Line(INBOX, Channel.INBOX, inbox, limits=Limits(), most_at_once=1)]
    lines += [
        Line(
            each.name,
            each.channel,
            channel_of(each, sending.timeout_seconds, clock, partial(template_id, each.name)),
            priority=each.priority,
            limits=each.limits,
            most_at_once=each.most_at_once or sending.most_at_once,
            reports=each.reports,
            receipt_secret=each.receipt_secret,
        )
        for each in read_providers(settings)
    ]
    known = {line.name for line in lines}
    gone = [name for name in still_asked if name not in known]
    return lines + [Line(name, Channel.OTHER, Gone(), limits=Limits(), most_at_once=0) for name in gone]
