"""The events as an AsyncAPI 3.0 document, made from the registry of contracts."""

from __future__ import annotations

from typing import Any

from gateway.published import contracts
from gateway.shapes import object_json
from services.chassis.contract import EventContract
from services.chassis.envelope import CONTENT_TYPE, MOST_BYTES, SPEC_VERSION

VERSION = "1.0.0"
INBOUND = "campus.events"
INTRODUCTION = f"""Events are CloudEvents {SPEC_VERSION} in structured JSON (`{CONTENT_TYPE}`) over
AMQP 0-9-1, each at most {MOST_BYTES // 1024} KiB. Every service publishes to a durable topic exchange of its
own; the routing key is the type less its service and version. Delivery is at least once: apply an event `id`
once. The `sequence` counts the events of one `subject` from 1 without holes: what is smaller is old.

Other systems publish to `{INBOUND}`; what is refused is answered on `campus.rejections` with its reason.
Within a version only optional fields are added: ignore what you do not know.
"""


def document() -> dict[str, Any]:
    """The document. ``components.schemas`` holds each event's ``data`` under its type: see ``dataschema``."""
    published = contracts()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jishi 党建记实平台",
            "version": VERSION,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(contract) for name, contract in published.items()},
        "operations": {name: _operation(contract) for name, contract in published.items()},
        "components": {
            "messages": {name: _message(contract) for name, contract in published.items()},
            "schemas": {
                "CloudEvent": envelope(),
                **{name: object_json(contract) for name, contract in published.items()},
            },
        },
    }


def envelope() -> dict[str, Any]:
    """The JSON Schema of the envelope around every event's data."""
    text = {"type": "string", "minLength": 1, "maxLength": 255}
    return {
        "type": "object",
        "required": ["specversion", "id", "type", "source", "subject", "time", "data"],
        "properties": {
            "specversion": {"const": SPEC_VERSION},
            "id": {**text, "description": "unique; apply it once"},
            "type": text,
            "source": {**text, "description": "a URI reference: /jishi/records"},
            "subject": {**text, "description": "the id of what the event is about"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"type": "string"},
            "sequence": {"type": "integer", "minimum": 0, "description": "counts per subject; 0 is unknown"},
            "correlationid": {**text, "description": "the same for all that one request led to"},
            "causationid": {**text, "description": "the event that led to this one"},
            "actor": {**text, "description": "a person's id; absent where anonymity asks for it"},
            "traceparent": {**text, "description": "W3C Trace Context"},
            "anonymous": {
                "type": "boolean",
                "description": "nobody may be able to tell when it passed: keep and log no instant beside it",
            },
            "data": {"type": "object"},
        },
    }


def _channel(contract: type[EventContract]) -> dict[str, Any]:
    return {
        "address": contract.routing_key(),
        "messages": {contract.type: {"$ref": f"#/components/messages/{contract.type}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": contract.exchange(), "type": "topic", "durable": True},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operation(contract: type[EventContract]) -> dict[str, Any]:
    taken = contract.exchange() == INBOUND
    return {
        "action": "receive" if taken else "send",
        "channel": {"$ref": f"#/channels/{contract.type}"},
        "summary": "The platform applies it." if taken else "The platform publishes it.",
    }


def _message(contract: type[EventContract]) -> dict[str, Any]:
    described = {"type": {"const": contract.type}, "data": {"$ref": f"#/components/schemas/{contract.type}"}}
    return {
        "name": contract.type,
        "title": contract.__name__,
        "summary": " ".join((contract.__doc__ or "").replace("``", "`").split()),
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {"type": "object", "properties": described},
            ]
        },
    }
