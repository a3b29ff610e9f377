#!/usr/bin/env python3
"""openapi.yaml to openapi.json, without packages from outside Python's own.

Reads the part of YAML the document is written in: block mappings and block sequences indented by
two, flow mappings and sequences on one line, plain and double-quoted scalars, `>-` folded text,
comments on lines of their own. Anything else is an error with its line, never a guess. $ref is
checked to lead somewhere.

    openapi_to_json.py openapi.yaml openapi.json
    openapi_to_json.py openapi.yaml openapi_json.cpp     as a C++ function that returns it
"""
import json
import re
import sys


class Refused(Exception):
    pass


def scalar(text):
    if text.startswith('"'):
        return json.loads(text)
    if text in ("null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text[:1] in "&*!|>%@`'{}[]," or ": " in text or " #" in text:
        raise Refused(f"not read here: {text}")
    return text


class Flow:
    """One-line {..} and [..]; a plain scalar inside ends at a comma or a bracket."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def parse(self):
        value = self.value()
        self.blank()
        if self.at != len(self.text):
            raise Refused(f"left over: {self.text[self.at:]}")
        return value

    def blank(self):
        while self.text[self.at:self.at + 1] == " ":
            self.at += 1

    def take(self, char):
        self.blank()
        if self.text[self.at:self.at + 1] != char:
            raise Refused(f"expected {char} at: {self.text[self.at:]}")
        self.at += 1

    def peek(self):
        self.blank()
        return self.text[self.at:self.at + 1]

    def word(self, ends):
        self.blank()
        if self.peek() == '"':
            value, length = json.JSONDecoder().raw_decode(self.text[self.at:])
            self.at += length
            return value
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ends:
            self.at += 1
        return scalar(self.text[start:self.at].strip())

    def value(self):
        if self.peek() == "{":
            return self.mapping()
        if self.peek() == "[":
            return self.sequence()
        return self.word(",]}")

    def mapping(self):
        self.take("{")
        result = {}
        while self.peek() != "}":
            key = self.word(":,}")
            self.take(":")
            if key in result:
                raise Refused(f"key twice: {key}")
            result[key] = self.value()
            if self.peek() == ",":
                self.take(",")
        self.take("}")
        return result

    def sequence(self):
        self.take("[")
        result = []
        while self.peek() != "]":
            result.append(self.value())
            if self.peek() == ",":
                self.take(",")
        self.take("]")
        return result


KEY = re.compile(r'("(?:[^"\\]|\\.)*"|[A-Za-z0-9_$/{}.+-]+):(?: +(.*))?$')


class Block:
    def __init__(self, text):
        self.lines = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                indent = len(line) - len(line.lstrip(" "))
                self.lines.append((number, indent, line.strip()))
        self.at = 0

    def parse(self):
        try:
            value = self.node(0)
        except (Refused, ValueError) as why:
            number = self.lines[min(self.at, len(self.lines) - 1)][0]
            raise Refused(f"near line {number}: {why}") from why
        if self.at != len(self.lines):
            raise Refused(f"line {self.lines[self.at][0]}: indentation")
        return value

    def node(self, indent):
        if self.lines[self.at][2].startswith("- "):
            return self.sequence(indent)
        return self.mapping(indent)

    def here(self, indent):
        return self.at < len(self.lines) and self.lines[self.at][1] == indent

    def sequence(self, indent):
        result = []
        while self.here(indent) and self.lines[self.at][2].startswith("- "):
            number, _, text = self.lines[self.at]
            rest = text[2:].strip()
            if KEY.match(rest) and rest[:1] not in "{[":
                self.lines[self.at] = (number, indent + 2, rest)
                result.append(self.mapping(indent + 2))
            else:
                self.at += 1
                result.append(self.inline(rest))
        return result

    def mapping(self, indent):
        result = {}
        while self.here(indent):
            match = KEY.match(self.lines[self.at][2])
            if not match:
                raise Refused(f"no key: {self.lines[self.at][2]}")
            key = json.loads(match[1]) if match[1].startswith('"') else match[1]
            if key in result:
                raise Refused(f"key twice: {key}")
            self.at += 1
            result[key] = self.after_key(match[2], indent)
        return result

    def after_key(self, rest, indent):
        if rest == ">-":
            words = []
            while self.at < len(self.lines) and self.lines[self.at][1] > indent:
                words.append(self.lines[self.at][2])
                self.at += 1
            return " ".join(words)
        if rest:
            return self.inline(rest)
        if self.at == len(self.lines) or self.lines[self.at][1] != indent + 2:
            raise Refused("a key without a value")
        return self.node(indent + 2)

    def inline(self, text):
        return Flow(text).parse() if text[:1] in "{[" else scalar(text)


def check_references(document, value):
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            target = document
            for part in reference.removeprefix("#/").split("/"):
                if part not in target:
                    raise Refused(f"{reference} leads nowhere")
                target = target[part]
        for child in value.values():
            check_references(document, child)
    elif isinstance(value, list):
        for child in value:
            check_references(document, child)


def main():
    source, target = sys.argv[1:3]
    with open(source, encoding="utf-8") as file:
        document = Block(file.read()).parse()
    check_references(document, document)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if target.endswith(".cpp"):
        pieces = [text[at:at + PIECE] for at in range(0, len(text), PIECE)]
        text = CPP.replace("TEXT", "\n        ".join(f'R"~json~({piece})~json~"s +' for piece in pieces)[:-2])
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


# Compilers need not take a string of more than 65,536 bytes; a character has at most four.
PIECE = 16_000

CPP = """#include "api/detail/contract.h"

#include <string>

using namespace std::string_literals;

namespace escucha::api {

std::string_view openapi_json() {
    static const std::string text =
        TEXT;
    return text;
}

}  // namespace escucha::api
"""


if __name__ == "__main__":
    try:
        main()
    except Refused as why:
        sys.exit(f"openapi_to_json: {why}")
