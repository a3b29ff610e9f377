#!/usr/bin/env python3
"""House rules that no compiler checks: the direction of includes, banned calls, sizes, dead files.

usage: tools/tidy.py [--summary FILE]

Prints `file:line: rule: what and how to mend it`; exit 1 when anything was found. The rules are in
the functions named rule_*; a rule's docstring is its statement.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict

import cpp_source

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Which folders of src/ a folder may include, beside itself. ARCHITECTURE.md, "Folders and arrows".
PROTOCOLS = {"base", "sip", "sdp", "rtp"}
DOMAIN = {"calendar", "speech", "flow", "acd", "cases", "privacy", "guard"}
CORES = PROTOCOLS | DOMAIN | {"audio", "media", "recording", "control"}
ARROWS = {
    "base": set(),
    "sip": {"base"},
    "sdp": {"base"},
    "rtp": {"base"},
    "audio": {"base", "rtp"},
    "recording": {"base"},
    "media": {"base", "recording", "sdp", "rtp", "audio"},
    "calendar": {"base"},
    "speech": {"base"},
    "flow": {"base", "speech"},  # what is said is said in speech's words
    "acd": {"base"},
    "cases": {"base"},
    "privacy": {"base"},
    "guard": {"base"},
    "identity": {"base", "store"},
    "audit": {"base", "store"},
    "exports": {"base", "store", "identity", "audit", "recording"},
    "speech_engine": {"base", "speech"},
    "net": {"base"},
    "store": {"base"},
    "control": PROTOCOLS | DOMAIN | {"media", "recording"},
    "sim": CORES,
    "demo": CORES | {"store", "identity"},
    "server": CORES | {"net", "store", "identity", "demo", "speech_engine"},
    "api": CORES | {"net", "store", "identity", "audit", "exports", "demo", "speech_engine", "server"},
}

# Pure cores: no I/O, no clock, no thread. base and media hold parts of a shell beside pure ones.
PURE = (PROTOCOLS | DOMAIN | {"audio", "control"}) - {"base"}
IMPURE_HEADERS = re.compile(
    r"boost/(?:asio|beast)|sqlite3\.h|libpq|curl/|ares\.h|"
    r"sys/(?:socket|epoll|mman|wait)\.h|unistd\.h|"
    r"(?:thread|mutex|shared_mutex|condition_variable|future|atomic|fstream|iostream|filesystem)$"
)
HEAVY_HEADERS = re.compile(r"boost/(?:asio\.hpp|beast)|spdlog/|CLI/|toml\+\+|regex$|iostream$")

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 800
MAX_HEADER_LINES = 200

BANNED = [
    (r"\bsleep_for\b|\bsleep_until\b|\busleep\s*\(|\bnanosleep\s*\(", "sleeping; take Now and use next_wakeup()"),
    (r"\b(?:system|steady|high_resolution)_clock::now\b", "reading a clock; take Now"),
    (r"(?<![\w:.>])s?rand\s*\(|\brandom_device\b", "unrepeatable chance; take Rng&"),
    (r"\bstd::c(?:out|err)\b", "std::cout; log through base/log.h, print with fmt::print"),
    (r"\bdetached\b", "detached; launch with an owner that awaits the end"),
    (r"\bnew\s+(?:\([^)]*\)\s*)?[A-Za-z_:<>]+\s*[({;[]|(?:^|[;{})])\s*delete\b(?!\s*;)", "new or delete; values or make_unique"),
    (r"\bset_terminate\b|\bstd::regex\b", "not in this house"),
]
# file -> why it may do what the table above forbids
ALLOWED = {
    "src/base/time.cpp": "the one reader of clocks",
    "src/base/rng.cpp": "the one source of seeds",
    "src/base/time.h": "names the clock's type",
    "src/api/detail/call.cpp": "seeds the ids that requests make",
    "src/server/detail/media_link.cpp": "waits for its child's end when it stops",
    "src/store/durability_test.cpp": "a child that writes until it is killed",
}

# Rules that only speak, while the first folders are being laid.
ADVICE = {"dead_files", "folder_readme", "size"}

FINDINGS = []


def find(rule, path, line, what):
    FINDINGS.append((rule, path, line, what))


def tracked():
    """Paths, relative to the root, that git knows or would take, and that exist."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return sorted(p for p in out.split("\0") if p and os.path.isfile(os.path.join(ROOT, p)))


class Tree:
    def __init__(self):
        self.paths = tracked()
        self.cpp = [p for p in self.paths if re.match(r"(src|apps)/.*\.(h|cpp)$", p)]
        self._text = {}
        self._code = {}

    def text(self, path):
        if path not in self._text:
            with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
                self._text[path] = file.read()
        return self._text[path]

    def code(self, path):
        if path not in self._code:
            self._code[path] = cpp_source.code_only(self.text(path))
        return self._code[path]

    def includes(self, path):
        for number, line in enumerate(self.text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
            if match:
                yield number, match.group(1), match.group(2)


def folder_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def is_test(path):
    return re.search(r"_(?:test|fuzz|bench)\.cpp$|/testing/|/detail/test_\w+\.(?:h|cpp)$", path) is not None


def rule_arrows(tree):
    """A folder includes only the folders that ARROWS names."""
    for path in tree.cpp:
        folder = folder_of(path)
        if folder is None:
            continue
        if folder not in ARROWS:
            find("arrows", path, 1, f"folder {folder} is not in the table of tools/tidy.py")
            continue
        allowed = ARROWS[folder] | {folder} | ({"sim"} if is_test(path) else set())
        for line, kind, name in tree.includes(path):
            target = name.split("/")[0]
            if kind == '"' and target in ARROWS and target not in allowed:
                find("arrows", path, line, f"{folder} may not include {name}")


def rule_privacy(tree):
    """`detail/` belongs to its folder."""
    for path in tree.cpp:
        for line, _, name in tree.includes(path):
            match = re.match(r"(\w+)/detail/", name)
            if match and match.group(1) != folder_of(path):
                find("privacy", path, line, f"{name} is private to {match.group(1)}")


def rule_pure(tree):
    """Pure cores include no socket, file, thread or database header."""
    for path in tree.cpp:
        if folder_of(path) not in PURE or is_test(path):
            continue
        for line, _, name in tree.includes(path):
            if IMPURE_HEADERS.search(name):
                find("pure", path, line, f"a pure core may not include {name}")


def rule_cheap_headers(tree):
    """Headers include nothing that costs seconds to compile."""
    for path in tree.cpp:
        if not path.endswith(".h"):
            continue
        if not tree.text(path).lstrip("/ \n").startswith("#pragma once") and "#pragma once" not in tree.text(path):
            find("headers", path, 1, "no #pragma once")
        if "/detail/" in path:
            continue
        for line, _, name in tree.includes(path):
            if HEAVY_HEADERS.search(name):
                find("headers", path, line, f"{name} in a public header slows every file that includes it")


def rule_banned_calls(tree):
    """Clocks, chance, sleeping, printing and bare new are not used."""
    for path in tree.cpp:
        if path in ALLOWED:
            continue
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            # make_unique cannot call a private constructor
            line = re.sub(r"unique_ptr<\w+>(?: \w+)?[({]new ", "", line)
            for pattern, why in BANNED:
                if "std::cout" in why and "/testing/" in path:
                    continue
                if re.search(pattern, line):
                    find("banned", path, number, why)


def rule_sleepless_tests(tree):
    """No test sleeps: it waits for an event, with a deadline."""
    sleeping = re.compile(r"\btime\.sleep\(|^\s*sleep\s+[0-9.]|waitForTimeout\(|setTimeout\([^,]*,\s*[0-9]{3,}")
    for path in tree.paths:
        tests = path.startswith("tests/") or re.search(r"\.test\.tsx?$", path)
        if not tests or not re.search(r"\.(py|sh|m?js|tsx?)$", path):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if sleeping.search(line):
                find("sleep", path, number, "a test that sleeps; wait for the event instead")


def rule_size(tree):
    """Functions, headers and files stay readable; `// size: why` defends a longer file."""
    for path in tree.paths:
        if not re.search(r"\.(h|cpp|py|ts|tsx)$", path) or path.startswith("web/src/api/generated"):
            continue
        text = tree.text(path)
        lines = text.count("\n")
        limit = MAX_HEADER_LINES if path.endswith(".h") else MAX_FILE_LINES
        if lines > limit and not re.search(r"(?://|#) size: \S", text):
            find("size", path, 1, f"{lines} lines; {limit} at most, or a comment '// size: why'")
        if not re.search(r"\.(h|cpp)$", path):
            continue
        for name, line, length in cpp_source.functions(text):
            if length > MAX_FUNCTION_LINES:
                find("size", path, line, f"{name} has {length} lines; {MAX_FUNCTION_LINES} at most")


def rule_todo(tree):
    """A stray TODO carries an issue number."""
    stray = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(#\d+\))")
    for path in tree.paths:
        if not re.search(r"\.(h|cpp|py|ts|tsx|css|sql)$", path) or path == "tools/tidy.py":
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = stray.search(line)
            if match:
                find("todo", path, number, f"{match.group(1)} without an issue number")


def rule_dead_files(tree):
    """Every header is included, every source belongs to a target."""
    included = defaultdict(set)
    for path in tree.cpp:
        for _, _, name in tree.includes(path):
            included[name].add(path)
    folders = {os.path.dirname(p) for p in tree.paths if os.path.basename(p) == "CMakeLists.txt"}
    for path in tree.cpp:
        folder = os.path.dirname(path)
        if path.endswith(".cpp"):
            home = re.sub(r"/(?:detail|tests|testing)$", "", folder)
            if home not in folders:
                find("dead", path, 1, "no CMakeLists.txt builds this folder")
            continue
        names = {path[len("src/"):] if path.startswith("src/") else path, os.path.basename(path)}
        if not any(included[name] - {path} for name in names):
            find("dead", path, 1, "nothing includes this header")


def rule_folder_readme(tree):
    """Every folder of src/ says in a README.md what it decides."""
    paths = set(tree.paths)
    for folder in sorted({folder_of(p) for p in tree.cpp if folder_of(p)}):
        if f"src/{folder}/README.md" not in paths:
            find("readme", f"src/{folder}/README.md", 1, "missing")


def rule_words(tree):
    """Nothing of a workplace gets in: its paths, its people's tools, the hosts of registries."""
    # Written in pieces so that this file passes its own rule.
    words = [
        r"(?<![\w.])/" + "work/", r"(?<![\w.])/" + "farm/", "registry" + r"\.npmjs",
        "deb" + r"\.debian\.org", "pypi" + r"\.org", r"\bL" + r"LM\b", "chat" + "gpt",
        r"\bcl" + r"aude\b", "anthr" + "opic", "AI ass" + "istant",
    ]
    pattern = re.compile("|".join(words), re.I)
    for path in tree.paths:
        if re.search(r"\.(png|wav|ulaw|alaw|woff2?|ico|bin|pcap|db)$", path) or "/corpus/" in path:
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = pattern.search(line)
            if match:
                find("words", path, number, f"'{match.group(0)}' does not belong in the product")


def rules():
    return [(name[5:], function) for name, function in sorted(globals().items()) if name.startswith("rule_")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--summary", help="writes {passed, failed} rules as JSON to this file")
    arguments = parser.parse_args()
    tree = Tree()
    failed = []
    for name, rule in rules():
        FINDINGS.clear()
        rule(tree)
        for label, path, line, what in FINDINGS:
            print(f"{path}:{line}: {label}: {what}" + (" (advice)" if name in ADVICE else ""))
        if FINDINGS and name not in ADVICE:
            failed.append(name)
    if arguments.summary:
        with open(arguments.summary, "w", encoding="utf-8") as file:
            json.dump({"passed": len(rules()) - len(failed), "failed": len(failed)}, file)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
