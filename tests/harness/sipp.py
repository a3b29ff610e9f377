"""Runs one SIPp scenario of tests/sipp against the server and says what happened."""

import csv
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Sipp:
    """`calls` runs of `scenario`; `keys` become [name] in the scenario, `auth` is (user, password)."""

    def __init__(self, server, scenario, calls=1, rate=10, keys=None, auth=None, number="100", transport="u1", deadline_s=60, limit=20):
        folder = tempfile.mkdtemp(prefix="escucha-sipp-")
        try:
            command = [
                shutil.which("sipp"), f"{server[0]}:{server[1]}", "-sf", os.path.join(HERE, "sipp", scenario), "-i", "127.0.0.1",
                "-m", str(calls), "-r", str(rate), "-l", str(limit), "-s", number, "-t", transport, "-nostdin", "-timeout", str(deadline_s),
                "-timeout_error", "-trace_err", "-error_file", f"{folder}/errors", "-trace_stat", "-stf", f"{folder}/stat", "-fd", "1",
                "-recv_timeout", "15000",
            ]
            for name, value in (keys or {}).items():
                command += ["-key", name, value]
            if auth:
                command += ["-au", auth[0], "-ap", auth[1]]
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline_s + 20, check=False)
            self.code = done.returncode
            self.errors = self._read(f"{folder}/errors")[-3000:] + done.stderr.decode("utf-8", "replace")[-500:]
            self._count(f"{folder}/stat")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def must(self, calls):
        """Asserts that exactly so many calls went as the scenario says, and none otherwise."""
        assert self.code == 0 and self.successful == calls and self.failed == 0, (
            f"sipp ended with {self.code}, {self.successful} as expected and {self.failed} not:\n{self.errors}"
        )
        return self

    def _count(self, path):
        self.successful = self.failed = 0
        self.retransmissions = 0
        try:
            with open(path, encoding="latin-1") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        except OSError:
            return
        if rows:
            last = rows[-1]
            self.successful, self.failed = int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
            self.retransmissions = int(last.get("Retransmissions(C)", 0) or 0)

    @staticmethod
    def _read(path):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return re.sub(r"\x1b\[[0-9;]*m", "", file.read())
        except OSError:
            return ""
