"""The composition root of a service: what the chassis gives, put together once, before the first message."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TypeVar

from nameko.extensions import DependencyProvider

from services.chassis import left_open, subscriptions
from services.chassis.audit import Audit
from services.chassis.authority import Authority
from services.chassis.bundles import BundledDocuments
from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Documents
from services.chassis.inbox import Inbox
from services.chassis.indexes import Indexes
from services.chassis.jobs import Jobs
from services.chassis.leases import Leases
from services.chassis.migrations import migrate
from services.chassis.policies import Pack, load_all
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.store import Store, await_store, connect
from services.chassis.vault import Vault

# Packs that more than one service goes by: days that are worked, and figures that each of them counts with.
SHARED = (Path(__file__).parent / "calendar", Path(__file__).parents[1] / "contracts" / "policies")
Own = TypeVar("Own", bound="Application")


class Application(DependencyProvider):  # type: ignore[misc]  # nameko publishes no types
    """What a service's entrypoints call. A service subclasses it and overrides ``compose``.

    Set ``migrates = False`` to leave migrations to ``jishi migrate``. ``notes_sessions = False`` is for where
    a command may leave nothing in the store but its entry: what a killed process holds on to waits a minute.
    """

    migrates = True
    notes_sessions = True
    settings: Settings
    clock: Clock
    database: Store

    def compose(self) -> None:
        """Build the service's own parts from those of the chassis; declare indexes. Overridden."""

    # -- life ----------------------------------------------------------------------------------

    def setup(self) -> None:
        """Called by nameko. The container's config holds ``settings`` and, in tests, ``clock``."""
        config = self.container.config
        settings = config.get("settings") or Settings.from_environment(self.container.service_name)
        self.wire(settings, config.get("clock"))

    @classmethod
    def for_test(cls: type[Own], settings: Settings, clock: Clock | None = None) -> Own:
        """The application without a container: nothing runs by itself until ``start``."""
        application = cls()
        application.wire(settings, clock)
        return application

    def wire(self, settings: Settings, clock: Clock | None = None) -> None:
        """Build every part; waits at most 30 s for the store, never for the broker."""
        self.settings = settings
        clock = clock or settings.clock()
        self.database = connect(settings.mongo_uri, settings.database_name)
        await_store(self.database)
        if self.notes_sessions:
            left_open.watch(self.database)
        if self.migrates:
            migrate(self.database, self.migrations_package, clock)
        self.indexes = Indexes(self.database)
        self.publisher = ConfirmedPublisher(
            settings.amqp_uri,
            name=f"{settings.service}-relay",
            prepare=lambda channel: subscriptions.declare(channel, settings.service),
        )
        self.catalogue = Catalogue.load([self.folder / "texts"])
        self._packs: dict[str, list[Pack]] = {}
        with self.indexes.together():
            self.put_together(clock)

    def put_together(self, clock: Clock) -> None:
        """Build every part that keeps anything, on the connections that are there."""
        self.clock = clock
        self.leases = Leases(self.database, self.clock)
        self.relay = Relay(
            self.publisher,
            self.clock,
            leases=self.leases,
            enabled=self.settings.relay_enabled,
        )
        self.inbox = Inbox(self.database, self.clock)
        self.authority = Authority(self.database, self.clock)
        self.vault = Vault(self.settings.field_key)
        self.audit = Audit(self.database, self.clock)
        self.jobs = Jobs(self.database, self.clock)
        for part in (self.inbox, self.authority, self.audit, self.jobs):
            part.declare()
        self.compose()

    def start(self) -> None:
        """Begin to publish, sweep and work on jobs; before it, enter what a process that died still owed."""
        self.audit.settle()
        self.relay.start()
        self.jobs.start()

    def rest(self) -> None:
        """Leave running jobs for the next worker; publish what was woken. ``start`` ends the rest."""
        self.jobs.halt()
        self.relay.stop()

    def stop(self) -> None:
        """Rest for good: the connections are closed.

        nameko calls this after the workers are done, so that what they wrote is still published.
        """
        self.rest()
        self.publisher.close()
        self.database.client.close()

    def kill(self) -> None:
        """Stop at once, as a crash would: what is pending is found by the next sweep."""
        self.jobs.kill()
        self.relay.kill()

    # -- within a service ----------------------------------------------------------------------

    def documents(self, collection: str) -> Documents:
        """The aggregates of ``collection``, with their index declared."""
        documents = Documents(
            self.database, collection, source=self.settings.service, clock=self.clock, relay=self.relay
        )
        documents.declare()
        return documents

    def bundled_documents(self, collection: str) -> BundledDocuments:
        """As ``documents``, for a collection of which workers write many at a time."""
        documents = BundledDocuments(
            self.database, collection, source=self.settings.service, clock=self.clock, relay=self.relay
        )
        documents.declare()
        return documents

    def packs(self, pattern: str = "*.yaml") -> list[Pack]:
        """The policy packs in the service's ``policies`` folder, and those that several services go by.

        Read once: what is changed in a file counts from the next start.
        """
        if pattern not in self._packs:
            folders = (self.folder / "policies", *SHARED)
            self._packs[pattern] = [pack for folder in folders for pack in load_all(folder, pattern)]
        return list(self._packs[pattern])

    @property
    def folder(self) -> Path:
        """The service's own folder."""
        return Path(str(sys.modules[type(self).__module__].__file__)).parent

    @property
    def migrations_package(self) -> str:
        """Where its numbered migrations are: ``services.records.migrations``."""
        return f"{type(self).__module__.rpartition('.')[0]}.migrations".lstrip(".")

    # -- nameko's side -------------------------------------------------------------------------

    def get_dependency(self, worker_ctx: Any) -> Application:
        return self


def application_of(container: Any) -> Application:
    """The application of a running service; raises ``LookupError`` where its class declares none."""
    for dependency in container.dependencies:
        if isinstance(dependency, Application):
            return dependency
    raise LookupError(f"{container.service_name} has no application")
