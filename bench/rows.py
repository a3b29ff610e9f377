"""The rows of bench/run: each is told the options, starts a server of its own and returns {label: figure with unit}."""

import contextlib
import csv
import glob
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
import uuid

import company
from agents import staffed
from kills import kills
from soak import soak
from harness.phone import Phone
from harness.server import Server
from harness.ports import PortRange, free_port
from harness.waiting import until

SERVER_CPU, LOAD_CPU = "0", "1"
HZ = os.sysconf("SC_CLK_TCK")
WARM_S, WINDOW_S = 5, 15
# One session makes a whole shift ready.
UNHURRIED = "[http]\nsession_per_s = 100000\nsession_burst = 1000000\n"
never = threading.Event()


class Bench(Server):
    """A server with the measuring company, held on one CPU."""

    def __init__(self, agents=0, wrap_up_s=0, folder=None):
        self.folder = tempfile.TemporaryDirectory(prefix="escucha-bench-") if folder is None else None
        root = self.folder.name if self.folder else folder
        self.demo_files = os.path.join(root, "demo-files")
        if not os.path.isdir(self.demo_files):
            company.write(root, agents, wrap_up_s)
        os.makedirs(os.path.join(root, "data"), exist_ok=True)
        super().__init__(os.path.join(root, "data"), settings=UNHURRIED)
        self.extra += ["--demo-files", self.demo_files, "--log", "warn"]
        self.rtp.close()
        self.rtp = PortRange(6_000, 26000, 31999)
        self.prefix = ["taskset", "-c", SERVER_CPU]

    def discard(self):
        super().discard()
        if self.folder:
            self.folder.cleanup()

    @property
    def pids(self):
        return [self.process.pid, *self.media_pids()]

    def cpu_s(self):
        """CPU seconds used so far by both programs."""
        total = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / HZ
        return total

    def rss_kib(self):
        total = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return total


class Load:
    """SIPp with a scenario, on its own CPU, until closed."""

    def __init__(self, server, scenario, number, arguments):
        self.folder = tempfile.mkdtemp(prefix="escucha-sipp-")
        for path in glob.glob(os.path.join(os.path.dirname(scenario), "*.ulaw")):
            os.symlink(path, os.path.join(self.folder, os.path.basename(path)))
        target = [f"{server.host}:{server.sip_port}"] if server else []
        self.process = subprocess.Popen(
            ["taskset", "-c", LOAD_CPU, "sipp", *target, "-sf", scenario, "-i", "127.0.0.1", "-s", number, "-nostdin", "-trace_stat", "-stf",
             f"{self.folder}/stat", "-fd", "1", *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def counts(self):
        try:
            with open(f"{self.folder}/stat", encoding="latin-1") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        except OSError:
            rows = []
        last = rows[-1] if rows else {}
        return {name: float(last.get(column) or 0) for name, column in (
            ("ok", "SuccessfulCall(C)"), ("failed", "FailedCall(C)"), ("again", "Retransmissions(C)"), ("now", "CurrentCall"),
            ("served", "GenericCounter1(C)"), ("refused", "GenericCounter2(C)"))}

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_idle(server):
    before = server.cpu_s()
    never.wait(1)
    return server.cpu_s() - before < 0.05


@contextlib.contextmanager
def started(**options):
    server = Bench(**options)
    try:
        server.start()
        # After a first start every prompt is spoken once; that is no call's cost.
        until(lambda: is_idle(server), 180, "the prompts to be spoken")
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop()
        server.discard()


def window(server, load, warm_s=WARM_S, window_s=WINDOW_S):
    """What a stretch of steady load cost: {cpu_s, ok, failed, again, calls (mean), span_s}."""
    never.wait(warm_s)
    cpu, counts, start = server.cpu_s(), load.counts(), time.monotonic()
    never.wait(window_s)
    span, after = time.monotonic() - start, load.counts()
    return {
        "cpu_s": server.cpu_s() - cpu, "span_s": span, "calls": (counts["now"] + after["now"]) / 2,
        **{name: after[name] - counts[name] for name in ("ok", "failed", "again", "served", "refused")},
    }


def echo(scenarios, arguments):
    """rtpecho, compiled once, as a process; sends sound back so that both directions carry packets."""
    program = os.path.join(tempfile.gettempdir(), f"escucha-rtpecho.{os.getuid()}")
    if not os.path.exists(program):
        subprocess.run(["g++", "-O2", "-o", program, os.path.join(scenarios, "rtpecho.cpp")], check=True)
    return subprocess.Popen(["taskset", "-c", LOAD_CPU, program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(process):
    process.terminate()
    process.wait()


def answer_rate(options):
    """A: answered by a flow and ended at once, journalled; the rate is raised until calls fail."""
    figures = {}
    with started() as server:
        best = 0
        for rate in (100, 300, 600, 1000, 1500, 2000, 3000):
            load = Load(server, f"{options.scenarios}/sipp/a_call.xml", company.LINE_ANSWER, ["-r", str(rate), "-l", "20000", "-d", "0"])
            used = window(server, load)
            load.close()
            if used["failed"] or used["ok"] < 0.95 * rate * used["span_s"]:
                figures[f"at {rate}/s"] = f"{used['failed']:.0f} failed, {used['ok'] / used['span_s']:.0f}/s"
                break
            best = rate
            figures[f"at {rate}/s"] = f"{1000 * used['cpu_s'] / used['ok']:.2f} ms CPU a call, {used['again']:.0f} sent again"
        figures["calls/s without a failure"] = str(best)
    return figures


def overload(_options):
    """Far more calls than fit: how many are served all the same, against the most that are without refusals."""
    scenario = os.path.join(os.path.dirname(os.path.abspath(__file__)), "overload.xml")
    figures, peak = {}, 0
    with started() as server:
        for rate in (1000, 1500, 2000, 2500, 3000, 4000, 6000, 10000, 20000):
            load = Load(server, scenario, company.LINE_ANSWER, ["-r", str(rate), "-l", "60000", "-d", "0"])
            used = window(server, load)
            load.close()
            served, refused = used["served"] / used["span_s"], used["refused"] / used["span_s"]
            peak = max(peak, served)
            figures[f"asked {rate}/s"] = f"{served:.0f}/s served, {refused:.0f}/s refused, {used['failed']:.0f} failed, {served / peak:.0%} of the peak"
            until(lambda: is_idle(server), 60, "the calls to be gone")
    return figures


def menu(options):
    """B: ten seconds of prompt with sound both ways, then a digit; the server hangs up."""
    port = str(free_port())
    speaker = echo(options.scenarios, ["127.0.0.1", port, "5", "480"])
    try:
        with started() as server:
            load = Load(server, f"{options.scenarios}/sipp/b_ivr.xml", company.LINE_MENU, ["-r", "10", "-l", "2000", "-key", "mport", port])
            used = window(server, load, warm_s=15)
            load.close()
            per_minute = used["cpu_s"] / used["span_s"] / max(used["calls"], 1) * 60
            return {"CPU-s per call-minute": f"{per_minute:.4f} ({used['calls']:.0f} calls, {used['failed']:.0f} failed)"}
    finally:
        end(speaker)


def queued(options):
    """C: queue, offer, bridge, hang-up by the agent; sound from the agents' side echoed."""
    return {
        "CPU-s per call-minute, recorded": talks(options.scenarios, company.LINE_QUEUE),
        "CPU-s per call-minute, not recorded": talks(options.scenarios, company.LINE_UNRECORDED),
    }


def talks(scenarios, line, agents=250, talk_s=10):
    sip_port, media_port = free_port(), str(free_port())
    speaker = echo(scenarios, ["127.0.0.1", media_port])
    try:
        with started(agents=agents) as server:
            phones = Load(None, f"{scenarios}/sipp/c_agent.xml", "x", ["-p", str(sip_port), "-d", str(talk_s * 1000), "-key", "mport", media_port])
            staffed(server, agents, sip_port)
            load = Load(server, f"{scenarios}/sipp/c_caller_rtp.xml", line, ["-r", "20", "-l", "1000"])
            used = window(server, load, warm_s=20)
            load.close()
            phones.close()
            per_minute = used["cpu_s"] / used["span_s"] / max(used["calls"], 1) * 60
            return f"{per_minute:.4f} ({used['calls']:.0f} calls, {used['failed']:.0f} failed)"
    finally:
        end(speaker)


def waiting_memory(options, callers=500):
    """Resident memory of both programs for each caller who waits, and the CPU that waiting costs."""
    with started(agents=1) as server:
        supervisor = server.api("sofia")
        supervisor.post(f"/api/v1/agents/{supervisor.get('/api/v1/agents')['items'][0]['id']}/sign-in")
        page = server.agent_page("a0")
        page.act("sign-in")
        before = server.rss_kib()
        load = Load(server, f"{options.scenarios}/sipp/a_call.xml", company.LINE_QUEUE, ["-r", "50", "-l", str(callers), "-m", str(callers), "-d", "120000"])
        until(lambda: supervisor.get("/api/v1/status")["contacts"].get("waiting", 0) >= callers, 60, "everybody to wait")
        memory = (server.rss_kib() - before) / callers
        used = window(server, load, warm_s=2, window_s=10)
        load.process.kill()
        load.close()
        return {"KiB a caller": f"{memory:.0f}", f"cores for {callers} with music": f"{used['cpu_s'] / used['span_s']:.3f}"}


def offers(_options, waiting=50, rounds=30):
    """An agent becomes free: how long until the phone rings, and until the page has the card."""
    with started(agents=1) as server:
        page = server.agent_page("a0")
        page.open()
        with Phone(server.sip, "a0", "telefono-de-a0") as phone, Phone(server.sip, "+34911222333") as caller:
            assert phone.register(3600).status == 200
            page.act("sign-in")
            calls = [caller.call(company.LINE_QUEUE) for _ in range(waiting)]
            for call in calls:
                call.wait_answered(20)
            page.act("status", {"state": "ready"})
            rings, cards = [], []
            for _ in range(rounds):
                ringing = phone.wait_incoming(20)
                rang = ringing.rung_at
                offer = [f for f in page.stream.frames if f["type"] == "offer_made"][-1]
                cards.append((offer["_at"] - rang) * 1000)
                ringing.answer()
                page.stream.wait_for(lambda f, seq=offer["seq"]: f["type"] == "contact_connected" and f["seq"] > seq, 10, "the talk")
                freed = time.monotonic()
                ringing.hang_up()
                following = phone.wait_incoming(20, ring=False)
                rings.append((following.rung_at - freed) * 1000)
                phone.incoming.insert(0, following)
                following.ring()
            page.close()
            rings.sort()
            return {
                "free to ringing": f"p50 {statistics.median(rings):.1f} ms, p99 {rings[int(len(rings) * 0.99)]:.1f} ms ({waiting} waiting)",
                "card before the ring by": f"p50 {-statistics.median(cards):.1f} ms",
            }


def fill(path, cases, events):
    """Cases and timeline events by the hundred thousand, copied from the demo's own rows."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous = OFF")
    columns = [row[1] for row in base.execute("PRAGMA table_info(case_file)")]
    model = dict(zip(columns, base.execute("SELECT * FROM case_file LIMIT 1").fetchone()))
    ids = [str(uuid.uuid4()) for _ in range(cases)]
    rows = ([{**model, "id": ids[i], "reference": str(90_000_000_000 + i)}[name] for name in columns] for i in range(cases))
    base.executemany(f"INSERT INTO case_file ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
    event_columns = [row[1] for row in base.execute("PRAGMA table_info(event)")]
    event = dict(zip(event_columns, base.execute("SELECT * FROM event WHERE type = 'case_updated' OR case_id IS NOT NULL LIMIT 1").fetchone()))
    last = base.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    rows = ([{**event, "seq": last + 1 + i, "case_id": ids[i % cases]}[name] for name in event_columns] for i in range(events))
    base.executemany(f"INSERT INTO event ({', '.join(event_columns)}) VALUES ({', '.join('?' * len(event_columns))})", rows)
    base.commit()
    base.close()


def start_time(_options, cases=100_000, events=1_000_000):
    """From the start of the program to /readyz, with little and with much history."""
    with tempfile.TemporaryDirectory(prefix="escucha-bench-") as folder:
        figures = {}
        for label in ("with the demo", f"with {cases} cases and {events} events"):
            server = Bench(folder=folder)
            server.start()
            server.stop()
            started_at = time.monotonic()
            server.start()
            figures[label] = f"{time.monotonic() - started_at:.2f} s"
            server.stop()
            server.discard()
            if not label.startswith("with the"):
                break
            fill(os.path.join(folder, "data", "escucha.db"), cases, events)
        return figures


def faults(_options):
    return kills(started, rounds=100)


def day(options):
    return soak(started, Load, options.calls)


# name: (function, needs scenarios, reference)
ROWS = {
    "A-answer": (answer_rate, True, "Asterisk 1.1 ms, 700/s; FreeSWITCH 4 ms"),
    "A-overload": (overload, False, "-"),
    "B-menu": (menu, True, "Asterisk 0.21, FreeSWITCH 0.20 to 0.36"),
    "C-queue": (queued, True, "Asterisk 0.17 to 0.21"),
    "waiting": (waiting_memory, True, "FreeSWITCH 0.78 of a core for 500"),
    "offer": (offers, False, "Asterisk p50 500 ms, FreeSWITCH p50 950 ms"),
    "start": (start_time, False, "-"),
    "kills": (faults, False, "Asterisk and FreeSWITCH lose every call"),
    "soak": (day, False, "-"),
}
