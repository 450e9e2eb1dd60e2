"""From marshmallow's fields to the JSON Schema of the published documents."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields


def plain_json(field: fields.Field[Any] | None) -> dict[str, Any]:
    """The JSON Schema of one field that nests nothing; any text where there is no field."""
    if field is None:
        return {"type": "string"}
    schema: dict[str, Any] = tidied(_converter().field2property(field))
    return schema


def object_json(schema: type[Schema]) -> dict[str, Any]:
    """The JSON Schema of an object, with what it nests within it; unknown properties may be there."""
    spec, converter = _reader()
    described = converter.schema2jsonschema(schema())
    whole: dict[str, Any] = opened(tidied(_inlined(described, spec.components.schemas)))
    return whole


def opened(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` of an object for whoever reads it: a property that is added later breaks nobody.

    A reader that checked what it gets against a closed schema would refuse the first addition.
    """
    if schema.get("additionalProperties") is not False:
        return schema
    return {name: value for name, value in schema.items() if name != "additionalProperties"}


def tidied(value: Any) -> Any:
    """``value`` in the types that every JSON and YAML writer knows, patterns as JSON Schema has them."""
    if isinstance(value, dict):
        return {
            str(key): _pattern(item) if key == "pattern" and isinstance(item, str) else tidied(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [tidied(each) for each in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


def _pattern(pattern: str) -> str:
    r"""Python's ``\A`` and ``\Z`` are unknown to ECMAScript, where ``$`` means no more than the end."""
    return pattern.replace("\\A", "^").replace("\\Z", "$")


def _inlined(value: Any, known: dict[str, Any]) -> Any:
    """``value`` with each reference replaced by what it leads to: a snapshot is read by itself."""
    if isinstance(value, dict):
        if "$ref" in value:
            return opened(_inlined(known[value["$ref"].rpartition("/")[2]], known))
        return {name: _inlined(each, known) for name, each in value.items()}
    return [_inlined(each, known) for each in value] if isinstance(value, list) else value


def _converter() -> Any:
    return _reader()[1]


def _reader() -> tuple[APISpec, Any]:
    plugin = a_plugin()
    spec = APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin])
    return spec, plugin.converter


def a_plugin(names: Any = None) -> MarshmallowPlugin:
    """apispec's reader of marshmallow schemas, taught what it does not see by itself."""
    return _Plugin(schema_name_resolver=names)


class _Plugin(MarshmallowPlugin):
    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        assert self.converter is not None  # made by the line above
        self.converter.add_attribute_function(_decimal_as_text)  # type: ignore[no-untyped-call]  # apispec


def _decimal_as_text(self: Any, field: fields.Field[Any], **kwargs: Any) -> dict[str, Any]:
    """A decimal that travels as text is a string, whatever its class says."""
    if not isinstance(field, fields.Decimal) or not field.as_string:
        return {}
    kind = "string"
    return {"type": [kind, "null"] if field.allow_none else kind, "pattern": r"^-?\d+(\.\d+)?$"}
