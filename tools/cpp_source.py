"""Reads C++ just well enough for tools/tidy.py: text without comments and strings, and functions."""

import re

_LITERALS = re.compile(
    r"""
      //[^\n]*
    | /\*.*?\*/
    | (?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"
    | (?:u8|[uUL])?"(?:\\.|[^"\\\n])*"
    | (?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'
    """,
    re.S | re.X,
)
_NOT_FUNCTIONS = re.compile(
    r"^\s*(?:(?:inline|export|typedef|template\s*<.*>)\s+)*"
    r"(?:namespace|class|struct|enum|union|extern)\b"
)
_CONTROL = re.compile(r"^\s*(?:else\s+)?(?:if|for|while|switch|catch|do|else|try)\b")


def blank(text):
    """The same text with comments, strings and preprocessor lines as blanks; lines keep numbers."""

    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    text = _LITERALS.sub(spaces, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", spaces, text, flags=re.M)


def code_only(text):
    """As `blank`, but keeps the preprocessor lines."""
    return _LITERALS.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def comments(text):
    """(line number, comment) of every comment."""
    for match in _LITERALS.finditer(text):
        if match.group(0).startswith("/"):
            yield text.count("\n", 0, match.start()) + 1, match.group(0)


def functions(text):
    """(name, first line, number of lines) of every function body, outermost only.

    A body is a brace whose head, back to the previous `;`, `{` or `}`, has parentheses and does not
    start as a class, a namespace or a control statement does. Lambdas and local classes inside count
    with the function that holds them.
    """
    code = blank(text)
    inside = []  # one entry per open brace: (name, line) of a function, or None
    head = 0
    line = 1
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == ";":
            if _parentheses_closed(code[head:at]):
                head = at + 1
        elif char == "{":
            inside.append(_opened(code[head:at], line, inside))
            head = at + 1
        elif char == "}":
            opened = inside.pop() if inside else None
            if opened:
                yield opened[0], opened[1], line - opened[1] + 1
            head = at + 1


def _parentheses_closed(text):
    return text.count("(") <= text.count(")")


def _opened(head, line, inside):
    if any(inside) or "(" not in head:
        return None
    if _NOT_FUNCTIONS.match(head) or _CONTROL.match(head):
        return None
    if head.rstrip().endswith(("=", ",", "(", "return")):
        return None
    before = head[: head.index("(")].split()
    return (before[-1] if before else "?"), line
