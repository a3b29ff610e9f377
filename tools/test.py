#!/usr/bin/env python3
"""The parts of ./test, their order and their sum.

usage: ./test [quick|full] [--only PART[,PART...]] [--no-install]

A part is a function that returns (passed, failed, skipped). A part that cannot run has failed: there
are no parts that may be missing. The last line printed is always `N passed, N failed, N skipped`.
"""

import argparse
import concurrent.futures
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import time

import web

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "logs")
JOBS = os.cpu_count() or 2
UNIT_DEADLINE_S = 300
FUZZ_S = 5
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
    "LSAN_OPTIONS": f"suppressions={os.path.join(ROOT, 'tools', 'leaks.txt')}:print_suppressions=0",
}
# Another checkout of the same sources finds its objects too.
CCACHE = {"CCACHE_BASEDIR": ROOT, "CCACHE_NOHASHDIR": "1"}


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


def build(preset, targets=()):
    must(f"configure-{preset}", ["cmake", "--preset", preset])
    # Telephones that run beside a compiler go first: what they wait for has a deadline.
    command = ["nice", "-n", "10", "cmake", "--build", "--preset", preset, "-j", str(JOBS)]
    must(f"build-{preset}", command + (["--target", *targets] if targets else []), env=CCACHE)


def run_units(preset, env=None):
    """Every unit-test program of a preset; doctest's own line counts the cases."""
    found = glob.glob(os.path.join(ROOT, "build", preset, "**", "escucha_*_test"), recursive=True)
    programs = sorted(path for path in found if os.path.isfile(path) and os.access(path, os.X_OK))
    if not programs:
        raise PartFailed(f"build/{preset} holds no unit tests")

    def counts(program):
        name = os.path.basename(program)
        code, output = run(f"{preset}-{name}", [program], deadline_s=UNIT_DEADLINE_S, env=env)
        line = re.search(r"test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", output)
        good, bad = (int(line.group(2)), int(line.group(3))) if line else (0, 0)
        if code != 0 and bad == 0:
            bad = 1  # it crashed, or a sanitizer ended it
        if bad:
            print(tail(output, 80))
        return good, bad

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(counts, programs))
    return sum(good for good, _ in results), sum(bad for _, bad in results), 0


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
    """C++ units and properties; the full tier runs them sanitized instead."""
    build("dev")
    return run_units("dev")


def part_dependencies():
    """Licences of what the programs load and the pages are made of; known holes need a feed (docs/edges.md)."""
    preset = "run" if os.path.exists(os.path.join(ROOT, "build", "run", "bin", "escuchad")) else "dev"
    build(preset)
    code, output = run("dependencies", ["tools/dependencies.py", "--programs", os.path.join(ROOT, "build", preset, "bin")])
    if code != 0:
        print(tail(output, 20))
    return int(code == 0), int(code != 0), 0


def part_sanitized():
    """C++ units and properties under the address and undefined-behaviour sanitizers."""
    build("asan")
    return run_units("asan", env=SANITIZERS)


def part_web():
    """Units of the pages, their types and their style."""
    env = web.environment()
    log = os.path.join(LOGS, "web-modules.log")
    with open(log, "w", encoding="utf-8") as file:
        try:
            web.install_modules(env, file)
        except subprocess.CalledProcessError as error:
            raise PartFailed(f"npm ci failed; see {os.path.relpath(log, ROOT)}") from error
    passed = failed = 0
    for step in ("types", "check", "lint"):
        code, output = run(f"web-{step}", ["npm", "run", step], cwd=web.WEB, env=env)
        if code != 0:
            print(tail(output, 40))
        passed, failed = passed + (code == 0), failed + (code != 0)
    report = os.path.join(LOGS, "vitest.json")
    command = ["npx", "vitest", "run", "--reporter=default", "--reporter=json", f"--outputFile.json={report}"]
    code, output = run("web-vitest", command, cwd=web.WEB, env=env)
    try:
        with open(report, encoding="utf-8") as file:
            counts = json.load(file)
    except (OSError, ValueError) as error:
        raise PartFailed(tail(output, 40)) from error
    os.remove(report)
    bad = counts["numFailedTests"] + (1 if code != 0 and not counts["numFailedTests"] else 0)
    if bad:
        print(tail(output, 60))
    return passed + counts["numPassedTests"], failed + bad, counts["numPendingTests"]


def compile_flags():
    """Flags for each folder of src/, as the dev build has them."""
    with open(os.path.join(ROOT, "build", "dev", "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            end = words.index("-o")
            folder = os.path.relpath(os.path.dirname(entry["file"]), os.path.join(ROOT, "src"))
            yield folder.split(os.sep)[0], words[:end]


def part_headers():
    """Every public header compiles alone."""
    must("configure-dev", ["cmake", "--preset", "dev"])
    flags = dict(compile_flags())
    work = os.path.join(ROOT, "build", "headers")
    os.makedirs(work, exist_ok=True)

    def compiles(header):
        folder, name = header.split(os.sep)[-2:]
        source = os.path.join(work, f"{folder}_{name}.cpp")
        text = f'#include "{folder}/{name}"\n'
        if not os.path.exists(source):
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
        command = flags.get(folder, next(iter(flags.values())))
        return run(f"header-{folder}_{name}", [*command, "-c", source, "-o", source + ".o"])

    headers = sorted(glob.glob(os.path.join(ROOT, "src", "*", "*.h")))
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(compiles, headers))
    for header, (code, output) in zip(headers, results):
        if code != 0:
            print(f"{os.path.relpath(header, ROOT)} does not compile alone:\n{tail(output, 12)}")
    failed = sum(1 for code, _ in results if code != 0)
    return len(headers) - failed, failed, 0


def part_fuzz():
    """Every fuzz target for a moment, from its corpus."""
    sources = glob.glob(os.path.join(ROOT, "src", "*", "**", "*_fuzz.cpp"), recursive=True)
    names = sorted("escucha_" + os.path.basename(source)[: -len(".cpp")] for source in sources)
    build("fuzz", names)
    found = [glob.glob(os.path.join(ROOT, "build", "fuzz", "**", name), recursive=True) for name in names]
    targets = [paths[0] for paths in found if paths]
    if len(targets) < len(names) or not names:
        raise PartFailed(f"of {len(names)} fuzz targets {len(targets)} were built")
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        passed = sum(pool.map(survives_fuzzing, targets))
    return passed, len(targets) - passed, 0


def survives_fuzzing(target):
    name = os.path.basename(target)[len("escucha_"):]
    found = os.path.join(ROOT, "build", "fuzz", "found", name)
    os.makedirs(found, exist_ok=True)
    folder = os.path.relpath(target, os.path.join(ROOT, "build", "fuzz", "src")).split(os.sep)[0]
    kept = [os.path.join(ROOT, "fuzz", "corpus", *parts) for parts in ((folder, name), (name,), (folder,))]
    corpus = next((path for path in kept if os.path.isdir(path)), None)
    command = [target, f"-max_total_time={FUZZ_S}", "-rss_limit_mb=2048", "-timeout=10", f"-artifact_prefix={found}/", found]
    code, output = run(f"fuzz-{name}", command + ([corpus] if corpus else []), deadline_s=FUZZ_S + 60, env=SANITIZERS)
    if code != 0:
        print(f"{name}:\n{tail(output, 40)}")
    return code == 0


def scenarios(folder, preset="run", jobs=6, env=None):
    """Those of tests/FOLDER against the programs of that build: as ./run has them, unless told."""
    build(preset)
    summary = os.path.join(LOGS, f"{folder}-{preset}.json")
    if os.path.exists(summary):
        os.remove(summary)
    env = {**(env or {}), "ESCUCHA_PROGRAMS": os.path.join(ROOT, "build", preset, "bin")}
    _, output = run(f"{folder}-{preset}", ["tests/run.py", folder, "--jobs", str(jobs), "--summary", summary], env=env)
    print(tail(output, 400))
    try:
        with open(summary, encoding="utf-8") as file:
            counts = json.load(file)
    except (OSError, ValueError) as error:
        raise PartFailed(f"see build/logs/{folder}-{preset}.log") from error
    return counts["passed"], counts["failed"], 0


def part_simulation():
    """Simulated days with kills, checked after every event, and the same seed twice."""
    build("run", ["escucha-sim"])
    program = os.path.join(ROOT, "build", "run", "bin", "escucha-sim")
    days = [
        ["--seed", "1"],
        ["--seed", "1"],
        ["--seed", "2", "--kills", "20", "--media-kills", "5"],
        ["--seeds", "3-6", "--agents", "12", "--contacts", "1500", "--hours", "4", "--kills", "5"],
    ]
    passed, outputs = 0, []
    for i, day in enumerate(days):
        code, output = run(f"simulation-{i}", [program, *day], deadline_s=300)
        outputs.append(output)
        if code != 0:
            print(f"escucha-sim {' '.join(day)}:\n{tail(output, 20)}")
        passed += code == 0
    is_repeatable = outputs[0] == outputs[1] and bool(outputs[0])
    if not is_repeatable:
        print("the same seed gave two different days:\n" + tail(outputs[0], 3) + "\n" + tail(outputs[1], 3))
    return passed + is_repeatable, len(days) - passed + (not is_repeatable), 0


def build_pages():
    with open(os.path.join(LOGS, "web-build.log"), "w", encoding="utf-8") as log:
        try:
            web.build(log)
        except subprocess.CalledProcessError as error:
            raise PartFailed("the pages did not build; see build/logs/web-build.log") from error


def part_pages():
    """Every page in Chromium against a server made of paper: pictures, keys, axe."""
    build_pages()
    code, output = run("pages", ["npm", "run", "e2e"], cwd=web.WEB, env=web.environment(), deadline_s=600)
    counts = re.findall(r"^(\d+) passed, (\d+) failed", output, re.M)
    if not counts:
        raise PartFailed(tail(output, 40))
    passed, failed = map(int, counts[-1])
    if code != 0:
        print("\n".join(line for line in output.splitlines() if not line.startswith("ok ")))
        failed = max(failed, 1)
    return passed, failed, 0


def part_scenarios():
    """Whole calls: SIPp, our own phone, the API, the plug pulled."""
    return scenarios("scenarios")


def part_interop():
    """baresip as the agent's phone."""
    return scenarios("interop")


def part_browser():
    """The desk in Chromium, with real calls behind it."""
    build_pages()
    return scenarios("browser", jobs=3)


def part_scenarios_sanitized():
    """The calls again, with both programs under the sanitizers."""
    return scenarios("scenarios", "asan", jobs=4, env=SANITIZERS)


# name, function, tiers
PARTS = [
    ("tidy", part_tidy, {"quick", "full"}),
    ("units", part_units, {"quick"}),
    ("dependencies", part_dependencies, {"quick", "full"}),
    ("headers", part_headers, {"full"}),
    ("sanitized", part_sanitized, {"full"}),
    ("scenarios_sanitized", part_scenarios_sanitized, {"full"}),
    ("fuzz", part_fuzz, {"full"}),
    ("web", part_web, {"quick", "full"}),
    ("pages", part_pages, {"full"}),
    ("simulation", part_simulation, {"full"}),
    ("scenarios", part_scenarios, {"full"}),
    ("interop", part_interop, {"full"}),
    ("browser", part_browser, {"full"}),
]
# They wait for browsers and telephones more than they compute, so they run while the rest compiles.
BESIDE = ("web", "pages", "simulation", "scenarios", "interop", "browser")


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


class Beside:
    """The parts of BESIDE in a process of their own."""

    def __init__(self):
        self._log = os.path.join(LOGS, "beside.log")
        print(f"== meanwhile, told at the end: {', '.join(BESIDE)} (build/logs/beside.log)", flush=True)
        with open(self._log, "wb") as log:
            command = [sys.executable, os.path.abspath(__file__), "--no-install", "--only", ",".join(BESIDE)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def counts(self):
        """Waits for them and prints what they said."""
        self._process.wait()
        with open(self._log, encoding="utf-8", errors="replace") as log:
            text, _, last = log.read().rstrip().rpartition("\n")
        print(text, flush=True)
        found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
        return tuple(map(int, found.groups())) if found else (0, 1, 0)


def carry_out(name, function):
    started = time.monotonic()
    print(f"== {name}: {function.__doc__}", flush=True)
    try:
        counts = function()
    except (PartFailed, OSError) as error:
        print(f"{name}: {error}")
        counts = (0, 1, 0)
    took = time.monotonic() - started
    print(f"   {counts[0]} ok, {counts[1]} not ok, {counts[2]} left out, {took:.0f} s", flush=True)
    return counts


def main():
    options = arguments()
    os.makedirs(LOGS, exist_ok=True)
    parts = list(chosen(options))
    beside = Beside() if options.tier == "full" and not options.only else None
    counts = [carry_out(*part) for part in parts if not beside or part[0] not in BESIDE]
    if beside:
        counts.append(beside.counts())
    passed, failed, skipped = map(sum, zip(*counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
