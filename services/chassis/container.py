"""The process of one service: what fails in one call stays in that call; stopping finishes what was begun."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from eventlet.greenpool import GreenPool
from nameko.containers import ServiceContainer, WorkerContext

from services.chassis import tracing
from services.chassis.clock import Clock
from services.chassis.errors import origin

_log = structlog.get_logger()
Result = TypeVar("Result")


class ChassisContainer(ServiceContainer):  # type: ignore[misc]  # nameko is untyped
    """A nameko container that outlives its workers' failures.

    nameko kills the whole container when a dependency raises around a worker; here the call is answered,
    or the event waits on the ladder. Consumers run on lanes of their own, so that no slow handler takes
    the workers of another; ``stop`` returns when all that was received is finished and acknowledged.
    """

    def __init__(self, service_cls: type, config: dict[str, Any]) -> None:
        super().__init__(service_cls, config)
        self._worker_pool = GreenPool(size=max(self.max_workers, len(self.entrypoints)))

    @property
    def application(self) -> Any | None:
        """The service's composition root: the dependency that knows the settings."""
        return next((each for each in self.dependencies if getattr(each, "settings", None)), None)

    @property
    def clock(self) -> Clock | None:
        """The application's clock."""
        return getattr(self.application, "clock", None)

    @property
    def amqp_uri(self) -> str:
        """The broker's address: ``AMQP_URI`` of the configuration, or that of its ``settings``."""
        found: str = self.config.get("AMQP_URI") or self.config["settings"].amqp_uri
        return found

    @property
    def in_flight(self) -> int:
        """Messages received and not yet settled, and timers at work."""
        received = sum(getattr(each, "unsettled", 0) for each in self.subextensions)
        return received + len(self._worker_threads)

    @property
    def connected(self) -> bool:
        """Whether every consumer of the service is attached to the broker."""
        return all(getattr(each, "connected", True) for each in self.subextensions)

    def perform(self, entrypoint: Any, call: Callable[[Any], Result]) -> Result:
        """Run ``call`` on a fresh instance of the service with its dependencies, in this greenthread.

        Whatever a dependency or ``call`` raises is raised here; nothing is killed.
        """
        worker = WorkerContext(self, self.service_cls(), entrypoint)
        result: Any = None
        failure: Any = None
        try:
            self._inject_dependencies(worker)
            self._worker_setup(worker)
            with tracing.within(f"{self.service_name}.{entrypoint.method_name}"):
                result = call(worker.service)
            return result  # type: ignore[no-any-return]  # ``worker_result`` wants it as well
        except Exception:
            failure = sys.exc_info()
            raise
        finally:
            self._tell_dependencies(worker, result, failure)

    def _run_worker(
        self, worker_ctx: Any, handle_result: Callable[[Any, Any, Any], tuple[Any, Any]] | None
    ) -> None:
        # What nameko's own entrypoints use (timers among them); same promise as ``perform``.
        result: Any = None
        failure: Any = None
        try:
            self._inject_dependencies(worker_ctx)
            self._worker_setup(worker_ctx)
            method = getattr(worker_ctx.service, worker_ctx.entrypoint.method_name)
            result = method(*worker_ctx.args, **worker_ctx.kwargs)
        except Exception as error:
            failure = sys.exc_info()
            self._log_failure("worker.failed", worker_ctx, error)
        if handle_result is not None:
            try:
                result, failure = handle_result(worker_ctx, result, failure)
            except Exception as error:
                self._log_failure("worker.result_not_handled", worker_ctx, error)
        self._tell_dependencies(worker_ctx, result, failure)

    def _tell_dependencies(self, worker: Any, result: Any, failure: Any) -> None:
        for step, arguments in (
            (self._worker_result, (worker, result, failure)),
            (self._worker_teardown, (worker,)),
        ):
            try:
                step(*arguments)
            except Exception as error:
                self._log_failure("worker.dependency_failed", worker, error)

    def _log_failure(self, event: str, worker: Any, error: Exception) -> None:
        _log.error(
            event,
            service=self.service_name,
            method=worker.entrypoint.method_name,
            error=type(error).__name__,
            origin=origin(error),
        )
