#!/usr/bin/env python3
"""The parts of ./test, their order and their sum.

usage: ./test [quick|full] [--only PART[,PART...]] [--no-install]

A part is a function that returns (passed, failed, skipped). A part that cannot run has failed: there
are no parts that may be missing. The last line printed is always `N passed, N failed, N skipped`.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "logs")
JOBS = os.cpu_count() or 2
UNIT_DEADLINE_S = 300


class PartFailed(Exception):
    """The part could not be carried out; the text says what a person should look at."""


def run(name, command, deadline_s=1800, env=None, cwd=ROOT):
    """Runs to build/logs/NAME.log; returns (exit code, output)."""
    log = os.path.join(LOGS, name + ".log")
    with open(log, "wb") as file:
        try:
            done = subprocess.run(
                command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                timeout=deadline_s, env={**os.environ, **(env or {})}, check=False,
            )
            code = done.returncode
        except subprocess.TimeoutExpired:
            file.write(f"\nstopped after {deadline_s} s\n".encode())
            code = -1
    with open(log, encoding="utf-8", errors="replace") as file:
        return code, file.read()


def must(name, command, **options):
    code, output = run(name, command, **options)
    if code != 0:
        print(tail(output, 60))
        raise PartFailed(f"{' '.join(command)} ended with {code}; see build/logs/{name}.log")
    return output


def tail(text, lines):
    return "\n".join(text.rstrip().splitlines()[-lines:])


def build(preset):
    must(f"configure-{preset}", ["cmake", "--preset", preset])
    must(f"build-{preset}", ["cmake", "--build", "--preset", preset, "-j", str(JOBS)])


def run_units(preset, env=None):
    """Every unit-test program of a preset; doctest's own line counts the cases."""
    programs = sorted(glob.glob(os.path.join(ROOT, "build", preset, "src", "*", "escucha_*_test")))
    if not programs:
        raise PartFailed(f"build/{preset} holds no unit tests")
    passed = failed = 0
    for program in programs:
        name = os.path.basename(program)
        code, output = run(f"{preset}-{name}", [program], deadline_s=UNIT_DEADLINE_S, env=env)
        line = re.search(r"test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", output)
        good, bad = (int(line.group(2)), int(line.group(3))) if line else (0, 0)
        if code != 0 and bad == 0:
            bad = 1  # it crashed, or a sanitizer ended it
        if bad:
            print(tail(output, 80))
        passed += good
        failed += bad
    return passed, failed, 0


def part_tidy():
    """House rules (tools/tidy.py)."""
    summary = os.path.join(LOGS, "tidy.json")
    _, output = run("tidy", ["tools/tidy.py", "--summary", summary])
    try:
        with open(summary, encoding="utf-8") as file:
            counts = json.load(file)
    except (OSError, ValueError) as error:
        raise PartFailed(tail(output, 20)) from error
    if counts["failed"]:
        print(output.rstrip())
    return counts["passed"], counts["failed"], 0


def part_units():
    """C++ units and properties."""
    build("dev")
    return run_units("dev")


def part_sanitized():
    """The same units under the address and undefined-behaviour sanitizers."""
    build("asan")
    return run_units("asan", env={"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"})


# name, function, tiers
PARTS = [
    ("tidy", part_tidy, {"quick", "full"}),
    ("units", part_units, {"quick", "full"}),
    ("sanitized", part_sanitized, {"full"}),
]


def arguments():
    parser = argparse.ArgumentParser(prog="./test", description="Runs the tests.")
    parser.add_argument("tier", nargs="?", choices=["quick", "full"], default="full")
    parser.add_argument("--only", help="parts, by name: " + ", ".join(name for name, _, _ in PARTS))
    parser.add_argument("--no-install", action="store_true", help="leave the Debian packages alone")
    options = parser.parse_args()
    if options.only:
        unknown = set(options.only.split(",")) - {name for name, _, _ in PARTS}
        if unknown:
            parser.error("no such part: " + ", ".join(sorted(unknown)))
    return options


def chosen(options):
    only = options.only.split(",") if options.only else None
    for name, function, tiers in PARTS:
        if name in only if only else options.tier in tiers:
            yield name, function


def main():
    options = arguments()
    os.makedirs(LOGS, exist_ok=True)
    total = [0, 0, 0]
    for name, function in chosen(options):
        started = time.monotonic()
        print(f"== {name}: {function.__doc__}", flush=True)
        try:
            counts = function()
        except (PartFailed, OSError) as error:
            print(f"{name}: {error}")
            counts = (0, 1, 0)
        total = [a + b for a, b in zip(total, counts)]
        took = time.monotonic() - started
        print(f"   {counts[0]} ok, {counts[1]} not ok, {counts[2]} left out, {took:.0f} s", flush=True)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
