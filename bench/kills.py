"""200 calls with sound, and either program killed again and again: who was lost, and how long nobody heard anything."""

import contextlib
import os
import random
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time

import company
from agents import staffed_at
from harness.phone import Phone
from harness.waiting import until

HERE = os.path.dirname(os.path.abspath(__file__))
never = threading.Event()


class Voices:
    """voices.cpp, compiled once: the sockets of many phones in one process."""

    def __init__(self, count):
        program = os.path.join(tempfile.gettempdir(), f"escucha-voices.{os.getuid()}")
        source = os.path.join(HERE, "voices.cpp")
        if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
            subprocess.run(["g++", "-std=c++20", "-O2", "-o", program, source], check=True)
        self.process = subprocess.Popen(["taskset", "-c", "1", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()
        self.ports = self._ask(f"open {count}")
        self._free = list(range(count))

    def take(self):
        return Voice(self, self._free.pop(0))

    def tell(self, line):
        with self._lock:
            self._write(line)

    def begin(self):
        self.tell("begin")

    def gaps_ms(self):
        return self._ask("gaps")

    def silences_ms(self):
        return self._ask("now")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def _write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _ask(self, line):
        with self._lock:
            self._write(line)
            return [int(word) for word in self.process.stdout.readline().split()[1:]]


class Voice:
    """What a Call wants of its stream."""

    def __init__(self, voices, index):
        self._voices, self.index = voices, index
        self.port = voices.ports[index]
        self.is_sending = True

    def send_to(self, host, port):
        self._voices.tell(f"aim {self.index} {host or '127.0.0.1'} {port}")

    def close(self):
        pass


class LoudPhone(Phone):
    def __init__(self, voices, *arguments, **options):
        self._voices = voices
        super().__init__(*arguments, **options)

    def new_stream(self):
        return self._voices.take()


def kill_control(server):
    server.kill()
    server.start()


def wait_heard(voices, what):
    """Until everybody has heard something from now on."""
    begun = time.monotonic()
    until(lambda: max(voices.silences_ms()) / 1000 < time.monotonic() - begun - 0.05, 30, what)


def kills(started, rounds, callers=200, seed=None):
    """Half of the callers talk, half wait with music. `started` makes a server with so many agents."""
    rng = random.Random(seed)
    agents = callers // 2
    gaps = {"control": [], "media": []}
    begun_us = time.time_ns() // 1000
    with contextlib.closing(Voices(callers + agents)) as voices, started(agents=agents) as server, \
            LoudPhone(voices, server.sip, "+34911222333") as caller, LoudPhone(voices, server.sip, "a0") as desk:
        staffed_at(server, agents, desk)
        calls = []
        for i in range(callers):
            call = caller.call(company.LINE_QUEUE)
            call.wait_answered(20)
            calls.append(call)
            if i < agents:
                desk.wait_incoming(30).answer()
        wait_heard(voices, "everybody to hear something")
        for _ in range(rounds):
            which = rng.choice(["control", "media"])
            voices.begin()
            never.wait(rng.uniform(0.1, 2.0))
            kill_control(server) if which == "control" else server.kill_media()
            wait_heard(voices, f"everybody to hear again after {which} was killed")
            gaps[which].append(max(voices.gaps_ms()))
        lost = sum(1 for call in [*calls, *desk.calls.values()] if call.ended_by)
        for call in reversed(calls):  # Who waits first, or the freed agents would be offered them.
            call.hang_up(20)
        supervisor = server.api("sofia")
        until(lambda: not sum(supervisor.get("/api/v1/status")["contacts"].values()), 60, "every call to be over")
        return {
            "calls lost": f"{lost} of {callers} in {rounds} kills at random instants",
            **{f"{name} killed, longest gap": told(values) for name, values in gaps.items()},
            "the journal": journal(os.path.join(server.data, "escucha.db"), begun_us),
        }


def told(values):
    if not values:
        return "never"
    return f"p50 {statistics.median(values):.0f} ms, worst {max(values)} ms ({len(values)} times)"


def journal(path, since_us):
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def count(sql):
        return base.execute(sql).fetchone()[0]

    arrived = count(f"SELECT COUNT(*) FROM event WHERE type = 'contact_arrived' AND at_us >= {since_us}")
    ended = count(f"SELECT COUNT(DISTINCT contact_id) FROM event WHERE type = 'contact_ended' AND at_us >= {since_us}")
    twice = count("SELECT COUNT(*) FROM (SELECT 1 FROM event WHERE type = 'contact_ended' GROUP BY contact_id HAVING COUNT(*) > 1)")
    left = count("SELECT COUNT(*) FROM live_contact")
    recordings = count(f"SELECT COUNT(*) FROM recording WHERE started_at_us >= {since_us}")
    undone = count("SELECT COUNT(*) FROM recording WHERE state <> 'done'")
    recorded_s = count(f"SELECT COALESCE(SUM(duration_ms), 0) / 1000 FROM recording WHERE started_at_us >= {since_us}")
    talked_s = count(f"SELECT COALESCE(SUM(talk_ms), 0) / 1000 FROM contact WHERE arrived_at_us >= {since_us}")
    base.close()
    return (f"{arrived} arrived, {ended} ended, {twice} twice, {left} left over; {recordings} recordings, {undone} not finished, "
            f"{recorded_s} of {talked_s} s of talk recorded")
