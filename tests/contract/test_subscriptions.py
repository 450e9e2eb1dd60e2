"""Every reader's queue is known to every publisher: the published list is what the services subscribe to."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import services
from services.chassis.cli_frame import service_names
from services.chassis.contract import EventContract
from services.chassis.handling import EventEntrypoint
from services.chassis.subscriptions import Owed, owed, text_of
from services.contracts import campus_events

PUBLISHED = Path(services.__path__[0]) / "contracts" / "subscriptions.json"


def subscribed() -> Iterator[Owed]:
    for service in service_names():
        for _, found in inspect.getmembers(import_module(f"services.{service}.service"), inspect.isclass):
            for _, method in inspect.getmembers(found, inspect.isfunction):
                for entrypoint in getattr(method, "nameko_entrypoints", ()):
                    if isinstance(entrypoint, EventEntrypoint):
                        yield Owed(entrypoint.queue, service, tuple(sorted(entrypoint.bindings)))


def test_the_published_list_of_subscriptions_is_what_the_services_subscribe_to() -> None:
    wanted = text_of(sorted(set(subscribed())))
    assert PUBLISHED.read_text(encoding="utf-8") == wanted, f"write this to {PUBLISHED.name}:\n{wanted}"


def test_every_queue_has_one_owner_whose_name_it_bears() -> None:
    queues = [each.queue for each in subscribed()]
    assert sorted(queues) == sorted(set(queues))
    for each in owed():
        assert each.queue.split(".")[0] == each.service


def test_whatever_the_campus_sends_is_answered_by_one_queue() -> None:
    bound = [key for each in owed() for exchange, key in each.bindings if exchange == "campus.events"]
    read = {
        contract.routing_key()
        for contract in vars(campus_events).values()
        if inspect.isclass(contract) and issubclass(contract, EventContract) and "type" in vars(contract)
        if contract.exchange() == "campus.events"
    }
    assert sorted(bound) == sorted({*read, "#"})
