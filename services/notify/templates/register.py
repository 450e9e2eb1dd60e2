"""The templates: those that are shipped, and the versions that administrators saved; none ever changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.transactions import in_transaction
from services.contracts.notify_events import TemplateSaved
from services.notify.access import Access
from services.notify.reminders.rulebook import Rulebook
from services.notify.templates.model import (
    LANGUAGES,
    SHOWN,
    Template,
    load_template,
    read_template,
    variables_of,
)
from services.notify.templates.parts import size_of

COLLECTION = "templates"
ATTEMPTS = 3
Answer = dict[str, Any]
_FIELDS = (
    "kind",
    "event",
    "channel",
    "variables",
    "most_characters",
    "texts",
    "signature",
    "provider_templates",
)


class Templates:
    """Every version by its key. The newest version of an id is the one that new messages are made by."""

    def __init__(self, application: Application, access: Access, rulebook: Rulebook, folder: Path) -> None:
        self._documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, [("template", 1), ("number", -1)], unique=True)
        self._database = application.database
        self._audit = application.audit
        self._access = access
        self._rulebook = rulebook
        self.shipped = load_shipped(folder)
        self._newest_shipped = {
            each.id: each for each in sorted(self.shipped.values(), key=lambda t: t.version)
        }
        missing = rulebook.rules().templates() - set(self._newest_shipped)
        if missing:
            raise ValueError(f"the rules name templates that are not there: {sorted(missing)}")
        self._known: dict[str, Template] = dict(self.shipped)

    # -- questions of the service itself -------------------------------------------------------

    def newest(self, id: str) -> Template:  # noqa: A002 - the field's name
        """The newest version; raises ``NotFound("template.not_found")``."""
        found = self._documents.find({"template": id}, sort=(("number", -1),), limit=1)
        shipped = self._newest_shipped.get(id)
        saved = _template(found[0]) if found else None
        best = max((each for each in (shipped, saved) if each), key=lambda each: each.version, default=None)
        if best is None:
            raise NotFound("template.not_found")
        return best

    def get(self, key: str) -> Template:
        """The version that a message names; raises ``NotFound("template.not_found")``."""
        known = self._known.get(key)
        if known is None:
            id_, _, number = key.rpartition(".v")
            wanted = {"template": id_, "number": int(number) if number.isdigit() else 0}
            found = self._documents.find(wanted, sort=(("number", -1),), limit=1)
            if not found:
                raise NotFound("template.not_found")
            known = self._known[key] = _template(found[0])  # it never changes
        return known

    # -- calls ---------------------------------------------------------------------------------

    def save(self, request: Answer) -> Answer:
        """Save a new version, which counts from now on; raises ``Invalid`` naming what is accepted."""
        actor = self._access.require_administrator()
        document = self._documents.id_for_command()
        for attempt in range(ATTEMPTS):
            template = self._next(request)
            try:
                saved = in_transaction(self._database, partial(self._save, document, template, actor))
                return saved.response or self._view(_template(saved))
            except Conflict as taken:
                if taken.code != f"{COLLECTION}.exists" or attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError  # pragma: no cover - the last attempt returned or raised

    def versions(self, request: Answer) -> Answer:
        """Every template in its newest version, or every version of one, newest first."""
        self._access.require_administrator()
        if request["template"] is None:
            found = self._documents.find({"number": {"$gte": 1}}, limit=0)
            ids = {*self._newest_shipped, *(each.state["template"] for each in found)}
            return {"items": [self._view(self.newest(each)) for each in sorted(ids)]}
        id_ = request["template"]
        saved = [
            _template(each)
            for each in self._documents.find({"template": id_}, sort=(("number", -1),), limit=0)
        ]
        shipped = [each for each in self.shipped.values() if each.id == id_]
        every = sorted([*saved, *shipped], key=lambda each: -each.version)
        if not every:
            raise NotFound("template.not_found")
        return {"items": [self._view(each) for each in every]}

    def drafted(self, request: Answer) -> Template:
        """The template that a preview is of: a version, the newest, or what would be saved next."""
        self._access.require_administrator()
        if request["texts"] is not None:
            return self._next(request)
        if request["version"] is not None:
            return self.get(f"{request['template']}.v{request['version']}")
        return self.newest(request["template"])

    # -- within --------------------------------------------------------------------------------

    def _next(self, request: Answer) -> Template:
        try:
            before: Template | None = self.newest(request["template"])
        except NotFound:
            before = None
        given = {name: request[name] for name in _FIELDS if request.get(name) is not None}
        if before is not None:
            kept = {name: getattr(before, name) for name in _FIELDS}
            kept = {**kept, "variables": list(before.variables)}
            for name in ("kind", "event"):
                if given.get(name, kept[name]) != kept[name]:
                    code = f"template.{name}_fixed"
                    raise Invalid(code, params={"accepted": str(kept[name])}, fields={name: [code]})
            given = {**kept, **given}
        defaults: Answer = {"event": None, "channel": "sms", "most_characters": 300, "variables": []}
        version = before.version + 1 if before else 1
        raw = {**defaults, **given, "id": request["template"], "version": version}
        try:
            return load_template(raw)
        except ValidationError as refused:
            raise Invalid("template.invalid", params=_accepted(raw), fields=refused.messages_dict) from None

    def _save(self, document: str, template: Template, actor: str) -> Document:
        repeated = self._documents.repeated(document)
        if repeated is not None:
            return repeated
        state = {
            "template": template.id,
            "number": template.version,
            **{name: getattr(template, name) for name in _FIELDS},
            "by": actor,
        }
        event = TemplateSaved.of(template=template.id, number=template.version, kind=template.kind)
        saved = self._documents.create(
            document, state, [event], respond=lambda each: self._view(_template(each))
        )
        self._audit.append("template.saved", actor, "template", template.key)
        return saved

    def _view(self, template: Template) -> Answer:
        return {
            "template": template.id,
            "version": template.version,
            "key": template.key,
            **{name: getattr(template, name) for name in _FIELDS},
            "longest": {language: sized(template.longest(language)) for language in LANGUAGES},
        }


def sized(text: str) -> Answer:
    """How long ``text`` is as an SMS."""
    size = size_of(text)
    return {"encoding": size.encoding, "characters": size.characters, "parts": size.parts}


def load_shipped(folder: Path) -> dict[str, Template]:
    """Every version of every shipped template, by its key; a file is named as what it holds."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        template = read_template(yaml.safe_load(path.read_text(encoding="utf-8")))
        if template.key != path.stem:
            raise ValueError(f"{path.name} holds {template.key}")
        found[template.key] = template
    return found


def _template(document: Document) -> Template:
    state = document.state
    fields: Mapping[str, Any] = {name: state[name] for name in _FIELDS}
    return Template(
        **{**fields, "variables": tuple(state["variables"])}, id=state["template"], version=state["number"]
    )


def _accepted(raw: Mapping[str, Any]) -> dict[str, str]:
    """What a text for the event may be filled with, to be named in a refusal."""
    try:
        allowed = variables_of(raw["event"])
    except ValidationError:
        allowed = ()
    return {"accepted": ", ".join(SHOWN if allowed is None else allowed) or "-"}
