"""One AMQP connection that is read by a greenthread of its own, so that anybody may write at any time."""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from
from typing import Any

import eventlet
import structlog
from amqp import spec
from amqp.exceptions import RecoverableConnectionError, error_for_code
from amqp.method_framing import frame_writer
from eventlet.event import Event as Signal
from eventlet.semaphore import Semaphore

from services.chassis import broker

_log = structlog.get_logger()
_CHUNK = 128 * 1024
_FRAME_HEAD = 7
_FRAME_EXTRA = 8  # head and end octet
CLOSE_SECONDS = 2.0


class LinkLost(Exception):
    """The connection ended; what was not confirmed or acknowledged is unknown."""


class Link:
    """A connection in two phases: set up channels synchronously, then ``start`` reading.

    After ``start`` nobody but the reader touches the socket's incoming side. py-amqp's own synchronous
    calls keep working: they wait for the reader. Any failure, a closed channel included, ends the whole
    link: ``lost`` is called once, and a new link is made by its owner. Heartbeats are kept in both
    directions, so that a silent broker is noticed within two intervals.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        name: str,
        seconds: float = 5.0,
        heartbeat: int = broker.HEARTBEAT_SECONDS,
    ) -> None:
        self.connection = broker.connect(amqp_uri, name=name, seconds=seconds, heartbeat=heartbeat)
        self.blocked = False
        self.connection.on_blocked = self._on_blocked
        self.connection.on_unblocked = self._on_unblocked
        self._threads: list[Any] = []
        self._error: BaseException | None = None
        self._ended = False
        self._progress: Signal | None = None
        self._lost: Callable[[BaseException], None] | None = None
        self._together: list[bytes] | None = None
        self._sending = Semaphore()
        transport = self.connection.transport
        self._send = transport.write
        transport.write = self._write
        # It keeps the function that it was made with.
        self.connection.frame_writer = frame_writer(self.connection, transport)

    @property
    def alive(self) -> bool:
        """Whether writing still makes sense."""
        return not self._ended

    def channel(self) -> Any:
        """A new channel; only before ``start``."""
        return self.connection.channel()

    def start(self, lost: Callable[[BaseException], None] | None = None) -> None:
        """Begin to read; ``lost`` is told when the link ends other than by ``close``."""
        self._lost = lost
        for channel in self.connection.channels.values():
            if channel is not self.connection:
                channel._callbacks[spec.Channel.Close] = self._on_channel_closed
        self.connection.drain_events = self._await_progress
        transport = self.connection.transport
        self._threads = [
            eventlet.spawn(self._read, transport.sock.recv, transport._read_buffer),
            eventlet.spawn(self._beat),
        ]

    def write(self, send: Callable[[], Any], seconds: float | None = None) -> None:
        """Run ``send``, which writes frames; raises ``LinkLost``.

        A write that fails or takes longer than ``seconds`` leaves half a frame behind, so it ends the link.
        """
        if self._ended:
            raise LinkLost("the connection to the broker has ended")
        try:
            if seconds is None:
                send()
            else:
                with eventlet.Timeout(seconds, TimeoutError("the broker did not read")):
                    send()
        except (OSError, RecoverableConnectionError, AttributeError) as error:
            # py-amqp raises AttributeError where a connection vanished under a call.
            self.fail(error)
            raise LinkLost("the connection to the broker has ended") from error

    def write_together(self, send: Callable[[], Any], seconds: float | None = None) -> None:
        """As ``write``, with all frames of ``send`` in one call of the socket; ``send`` must not wait."""

        def gathered() -> None:
            together: list[bytes] = []
            self._together = together
            try:
                send()
            finally:
                self._together = None
            self._write_whole(b"".join(together))

        self.write(gathered, seconds)

    def fail(self, error: BaseException) -> None:
        """End the link now; waiting calls are woken with an error."""
        if self._ended:
            return
        self._end(error)
        self._stop_threads()
        self.connection.collect()
        if self._lost is not None:
            self._lost(error)

    def close(self) -> None:
        """Say goodbye and wait briefly for the answer, so that everything written before has been read."""
        if self._ended:
            return
        self._lost = None
        try:
            with eventlet.Timeout(CLOSE_SECONDS, TimeoutError("the broker did not say goodbye")):
                self.connection.close()
        except Exception as error:
            _log.info("link.closed_without_goodbye", error=type(error).__name__, problem=str(error))
        self._end(None)
        self._stop_threads()
        self.connection.collect()

    def _write(self, frame: bytes) -> None:
        if self._together is None:
            self._write_whole(frame)
        else:
            self._together.append(bytes(frame))  # what is given is written over by the next

    def _write_whole(self, frames: bytes) -> None:
        # A write that has to wait must not let a heartbeat in between.
        with self._sending:
            self._send(frames)

    def _end(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
        self._wake()

    def _stop_threads(self) -> None:
        here = eventlet.getcurrent()
        for thread in self._threads:
            if thread is not here:
                thread.kill()

    def _read(self, receive: Callable[[int], bytes], buffer: bytes) -> None:
        connection = self.connection
        handle = connection.on_inbound_frame
        try:
            while True:
                start, size = 0, len(buffer)
                while size - start >= _FRAME_HEAD:
                    kind, channel, length = unpack_from(">BHI", buffer, start)
                    end = start + length + _FRAME_EXTRA
                    if end > size:
                        break
                    handle((kind, channel, buffer[start + _FRAME_HEAD : end - 1]))
                    start = end
                if start:
                    buffer = buffer[start:]
                if self._progress is not None:
                    self._wake()
                if self._ended or connection.channels is None:
                    return
                chunk = receive(_CHUNK)
                if not chunk:
                    raise ConnectionResetError("the broker closed the connection")
                buffer = buffer + chunk if buffer else chunk
                if len(chunk) == _CHUNK:
                    eventlet.sleep(0)  # a full pipe must not keep the others from their turn
        except Exception as error:
            self.fail(error)

    def _beat(self) -> None:
        interval = self.connection.heartbeat
        while interval and not self._ended:
            eventlet.sleep(interval / 4)
            try:
                with eventlet.Timeout(interval, TimeoutError("the broker does not read")):
                    self.connection.heartbeat_tick(rate=2)
            except Exception as error:
                self.fail(error)
                return

    def _await_progress(self, timeout: float | None = None) -> None:
        if self._ended:
            raise RecoverableConnectionError("the connection to the broker has ended")
        if self._progress is None:
            self._progress = Signal()
        with eventlet.Timeout(timeout, TimeoutError("the broker did not answer")):
            self._progress.wait()

    def _wake(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.send(None)

    def _on_channel_closed(self, code: int, text: str, class_id: int, method_id: int) -> None:
        # py-amqp would open the channel anew and wait for the answer inside the reader: for ever.
        raise error_for_code(code, text, (class_id, method_id), RecoverableConnectionError)

    def _on_blocked(self, reason: str) -> None:
        self.blocked = True
        _log.warning("broker.blocked")

    def _on_unblocked(self) -> None:
        self.blocked = False
        _log.info("broker.unblocked")
