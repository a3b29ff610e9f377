#!/usr/bin/env python3
"""Runs the scenarios of one folder of tests/, some classes at a time, and sums them up.

usage: tests/run.py scenarios|interop|browser [-k WORD] [--jobs N] [--summary FILE]

Prints one line for each scenario; exit 1 when any failed. Programs are those of build/dev/bin, or of
the directory in ESCUCHA_PROGRAMS.
"""

import argparse
import concurrent.futures
import glob
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
CLASS_DEADLINE_S = 600


class Telling(unittest.TextTestResult):
    """A line for each scenario, with the time it took."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed = 0
        self._started = 0.0

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)
        self._started = time.monotonic()

    def _tell(self, word, test):
        self.stream.writeln(f"  {word:4} {time.monotonic() - self._started:5.1f} s  {test.id().split('.', 1)[1]}")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.passed += 1
        self._tell("ok", test)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self._tell("FAIL", test)
        self._tell_server(test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self._tell("FAIL", test)
        self._tell_server(test)

    def _tell_server(self, test):
        """What the scenario's server saw: some failures come once in a thousand runs, on another machine."""
        server = getattr(test, "server", None)
        if server is not None:
            self.stream.writeln(f"the end of its journal:\n{server.journal_tail()}\nthe end of its log:\n{server.log_tail()}")
            self.stream.flush()


def run_class(name, word, out):
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    if word:
        suite = unittest.TestSuite(t for t in each(suite) if word in t.id())
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Telling, verbosity=0).run(suite)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"passed": result.passed, "failed": len(result.failures) + len(result.errors)}, file)


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def classes(folder):
    """The names of the folder's classes of scenarios, those with the most scenarios first."""
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, folder, "test_*.py"))):
        module = importlib.import_module(f"{folder}.{os.path.basename(path)[:-3]}")
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == module.__name__:
                count = len(unittest.defaultTestLoader.getTestCaseNames(value))
                if count:
                    found.append((-count, f"{module.__name__}.{name}"))
    return [name for _, name in sorted(found)]


def run_apart(folder, name, word):
    """One class in a process of its own: (name, passed, failed, output)."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
        command = [sys.executable, os.path.abspath(__file__), folder, "--class", name, "--summary", out.name]
        if word:
            command += ["-k", word]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=CLASS_DEADLINE_S, check=False)
            output = done.stdout.decode("utf-8", "replace")
        except subprocess.TimeoutExpired as late:
            return name, 0, 1, (late.stdout or b"").decode("utf-8", "replace") + f"\nstopped after {CLASS_DEADLINE_S} s"
        try:
            counts = json.load(out)
        except ValueError:
            return name, 0, 1, output
        return name, counts["passed"], counts["failed"], output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", choices=["scenarios", "interop", "browser"])
    parser.add_argument("-k", dest="word", default="", help="only scenarios whose name holds WORD")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--summary", default=os.devnull)
    parser.add_argument("--class", dest="one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_class(options.one, options.word, options.summary)
        return 0

    passed = failed = 0
    demo = tempfile.TemporaryDirectory(prefix="escucha-demo-")
    os.environ["ESCUCHA_DEMO_DATA"] = demo.name
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_apart, options.folder, name, options.word) for name in classes(options.folder)]
        for run in concurrent.futures.as_completed(runs):
            name, good, bad, output = run.result()
            if not good and not bad:
                continue
            print(f"{name.split('.', 1)[1]}: {good} ok, {bad} not ok", flush=True)
            if bad:
                print(output, flush=True)
            passed, failed = passed + good, failed + bad
    demo.cleanup()
    with open(options.summary, "w", encoding="utf-8") as file:
        json.dump({"passed": passed, "failed": failed}, file)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
