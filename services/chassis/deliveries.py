"""One received message in our hands, to be settled exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amqp import spec

from services.chassis.link import Link, LinkLost
from services.chassis.unreadable import unreadable

if TYPE_CHECKING:
    from services.chassis.consuming import Subscription


class Delivery:
    """One message in our hands: settled exactly once, by ``ack`` after its effect, or ``forget``."""

    __slots__ = (
        "_link",
        "_open",
        "_subscription",
        "body",
        "channel",
        "exchange",
        "message",
        "redelivered",
        "tag",
    )

    def __init__(self, message: Any, subscription: Subscription, link: Link) -> None:
        self.message = message
        self.body: bytes = message.body if isinstance(message.body, bytes) else bytes(message.body, "utf-8")
        self.channel = message.channel
        self.tag: int = message.delivery_info["delivery_tag"]
        self.exchange: str = message.delivery_info["exchange"]
        self.redelivered: bool = message.delivery_info["redelivered"]
        self._subscription = subscription
        self._link = link
        self._open = True

    @property
    def headers(self) -> Mapping[str, Any]:
        return self.message.properties.get("application_headers") or {}

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.message.properties
        return found

    @property
    def unreadable(self) -> bool:
        """Whether its properties, headers among them, were in no form that can be decoded."""
        return unreadable(self.message.properties)

    @property
    def routing_key(self) -> str:
        key: str = self.message.delivery_info["routing_key"]
        return key

    @property
    def alive(self) -> bool:
        """Whether it can still be acknowledged; if not, the broker delivers it again."""
        return self._open and self._link.alive

    def ack(self) -> bool:
        """Done: the broker may forget it. False where the connection is gone and it will come again."""
        if not self._open:
            return False
        self._open = False
        try:
            return self._acknowledge(multiple=False)
        finally:
            # Only now: who waits for the last one to be settled then closes the connection.
            self._subscription.settled_one()

    def forget(self) -> None:
        """Leave it unacknowledged: it comes again when this connection ends."""
        if self._close() and self._link.alive:
            self._subscription.abandoned = True

    def give_back(self) -> None:
        """End the connection, so that this and all else that is unsettled comes again soon."""
        self._link.fail(ConnectionAbortedError("a message could not be settled"))
        self._close()

    def publish(self, routing_key: str, content: Any) -> None:
        """Send ``content`` through the default exchange on the channel it came by; raises ``LinkLost``."""
        self._link.write(
            lambda: self.channel.send_method(
                spec.Basic.Publish, "Bssbb", (0, "", routing_key, False, False), content
            )
        )

    def _close(self) -> bool:
        if not self._open:
            return False
        self._open = False
        self._subscription.settled_one()
        return True

    def _acknowledge(self, *, multiple: bool) -> bool:
        try:
            # Bypasses py-amqp's argument handling: this runs once per message.
            self._link.write(lambda: self.channel.send_method(spec.Basic.Ack, "Lb", (self.tag, multiple)))
        except LinkLost:
            return False
        return True


def ack_all(deliveries: list[Delivery]) -> bool:
    """Acknowledge deliveries of one subscription, in the order they came, at once.

    ``deliveries`` must hold all that is open up to its last one: the acknowledgement covers them all.
    """
    last = deliveries[-1]
    if last._subscription.abandoned:
        # One acknowledgement for all would cover what was left to come again.
        acked = [each.ack() for each in deliveries]
        return all(acked)
    try:
        return last._acknowledge(multiple=True)
    finally:
        for each in deliveries:
            each._close()
