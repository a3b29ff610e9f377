"""Checks real answers against openapi.json: the part of JSON Schema 2020-12 that it uses."""

import datetime
import re

_TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
_KNOWN = {
    "type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref",
    "additionalProperties", "minimum", "maximum", "minLength", "maxLength", "pattern", "format",
    "description", "default", "maxItems", "minItems", "minProperties", "example", "title",
    # Who may see it (docs/privacy.md): no matter of shape.
    "x-sensitivity", "x-sensitivity-from", "x-mask", "x-in-hand", "x-question", "x-question-names", "x-reveal",
    "x-subject", "x-fields-by",
}


class Contract:
    def __init__(self, document):
        self.document = document
        self._paths = []
        for template, operations in document["paths"].items():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            self._paths.append((re.compile(pattern + "$"), template, operations))
        self._paths.sort(key=lambda entry: entry[1].count("{"))
        self.used = set()

    def check(self, method, path, status, content_type, body):
        """Raises AssertionError with the place when an answer is not what the document says."""
        path = path.split("?")[0]
        for pattern, template, operations in self._paths:
            if pattern.match(path) and method.lower() in operations:
                break
        else:
            raise AssertionError(f"openapi.json has no {method} {path}")
        operation = operations[method.lower()]
        self.used.add(operation.get("operationId", template))
        answers = operation["responses"]
        answer = self._resolve(answers.get(str(status)) or answers.get("default") or {})
        assert answer, f"{method} {template} may not answer {status}"
        content = answer.get("content")
        if not content or status == 304:
            return
        kind = (content_type or "").split(";")[0]
        assert kind in content, f"{method} {template} {status}: {kind!r} is not one of {list(content)}"
        if "schema" in content[kind] and "json" in kind:
            self._value(content[kind]["schema"], body, f"{method} {template} {status}")

    def check_frame(self, frame):
        plain = {name: value for name, value in frame.items() if name != "_at"}
        self._value({"$ref": "#/components/schemas/EventFrame"}, plain, "frame")

    def _resolve(self, schema):
        while "$ref" in schema:
            node = self.document
            for part in schema["$ref"][2:].split("/"):
                node = node[part]
            rest = {k: v for k, v in schema.items() if k not in ("$ref", "description")}
            schema = {**node, **rest}
        return schema

    def _value(self, schema, value, at):
        schema = self._resolve(schema)
        unknown = set(schema) - _KNOWN
        assert not unknown, f"{at}: tests/harness/schema.py does not know {unknown}"
        for combined, wanted in (("anyOf", None), ("oneOf", 1)):
            if combined in schema:
                self._any(schema[combined], value, at, wanted)
        for part in schema.get("allOf", ()):
            self._value(part, value, at)
        if "type" in schema:
            types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            assert any(_TYPES[name](value) for name in types), f"{at}: {value!r} is not {types}"
        if "enum" in schema:
            assert value in schema["enum"], f"{at}: {value!r} is not one of {schema['enum']}"
        if "const" in schema:
            assert value == schema["const"], f"{at}: {value!r} is not {schema['const']!r}"
        if isinstance(value, str):
            self._string(schema, value, at)
        elif isinstance(value, dict):
            self._object(schema, value, at)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                self._value(schema.get("items", {}), item, f"{at}/{i}")
        elif isinstance(value, (int, float)):
            assert value >= schema.get("minimum", value), f"{at}: {value} is too small"
            assert value <= schema.get("maximum", value), f"{at}: {value} is too large"

    def _any(self, options, value, at, wanted):
        failures, fits = [], 0
        for option in options:
            try:
                self._value(option, value, at)
                fits += 1
            except AssertionError as failure:
                failures.append(str(failure))
        assert fits, f"{at}: fits no alternative: " + " | ".join(failures)
        assert wanted is None or fits == wanted, f"{at}: fits {fits} alternatives"

    def _string(self, schema, value, at):
        assert len(value) >= schema.get("minLength", 0), f"{at}: too short"
        assert len(value) <= schema.get("maxLength", len(value)), f"{at}: too long"
        if "pattern" in schema:
            assert re.search(schema["pattern"], value), f"{at}: {value!r} does not match {schema['pattern']}"
        if schema.get("format") == "date-time":
            assert value.endswith("Z"), f"{at}: {value!r} is not in UTC"
            datetime.datetime.fromisoformat(value[:-1])
        elif schema.get("format") == "date":
            datetime.date.fromisoformat(value)

    def _object(self, schema, value, at):
        for name in schema.get("required", ()):
            assert name in value, f"{at}: {name} is missing"
        properties = schema.get("properties", {})
        for name, item in value.items():
            if name in properties:
                self._value(properties[name], item, f"{at}/{name}")
            else:
                allowed = schema.get("additionalProperties", True)
                assert allowed is not False, f"{at}: {name} is not in the document"
                if isinstance(allowed, dict):
                    self._value(allowed, item, f"{at}/{name}")
