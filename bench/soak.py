"""A day's calls without a rest between them: does either program keep anything of a call that is over?

A day of twelve calls a second is a million. Fewer than 500,000 say little: a program is warm once it remembers as many
transactions as it ever will, after REST_S of calls, and that must be over when 5 % of them are.
"""

import os
import statistics
import threading
import time

import company
from harness.waiting import until
from kills import journal

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIO = os.path.join(HERE, "overload.xml")  # Every caller has a number of their own; a refusal is counted, not failed.
CALLS_A_S = 700  # Half a CPU or so: after a moment in which the disk was slow, the rest is caught up with.
SAMPLE_S = 5
REST_S = 40  # A transaction is remembered for 32 s, against what is sent again (RFC 3261 §17.2.2, Timer J).
MIB = 1 << 20
PROGRAMS = ("escuchad", "escucha-media")
never = threading.Event()


def process(pid):
    """What /proc says a process holds: resident memory, the part that is no file's, descriptors and threads."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {
        "resident": int(fields["VmRSS"].split()[0]) * 1024, "anonymous": int(fields["RssAnon"].split()[0]) * 1024,
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields["Threads"]),
    }


def sample(server, calls):
    base = os.path.join(server.data, "escucha.db")
    return {
        "calls": calls, "escuchad": process(server.process.pid), "escucha-media": process(server.media_pids()[0]),
        "database": os.path.getsize(base), "log": os.path.getsize(base + "-wal") if os.path.exists(base + "-wal") else 0,
    }


def soak(started, load_with, calls):
    """`started` makes a server, `load_with` calls it with a scenario, a number and SIPp's arguments."""
    begun_us = time.time_ns() // 1000
    with started() as server:
        supervisor = server.api("sofia")
        fresh, cpu_s, begun = sample(server, 0), server.cpu_s(), time.monotonic()
        load = load_with(server, SCENARIO, company.LINE_ANSWER, ["-r", str(CALLS_A_S), "-l", "20000", "-m", str(calls)])
        samples = []
        while load.process.poll() is None:
            never.wait(SAMPLE_S)
            samples.append(sample(server, load.counts()["served"]))
        span_s, cpu_s, counts = time.monotonic() - begun, server.cpu_s() - cpu_s, load.counts()
        load.close()
        until(lambda: not sum(supervisor.get("/api/v1/status")["contacts"].values()), 60, "every call to be over")
        never.wait(REST_S)
        rest = sample(server, counts["served"])
        return {
            "calls": f"{counts['served']:.0f} of {calls} served, {counts['refused']:.0f} refused, {counts['failed']:.0f} failed, "
                     f"{counts['again']:.0f} sent again, {calls / span_s:.0f}/s, {cpu_s / span_s:.2f} of a CPU",
            **grown(samples, calls), **opened(fresh, at(samples, calls / 10), rest, samples),
            "when fresh": told(fresh),
            **{f"at {part} %": told(at(samples, calls * part / 100)) for part in range(10, 101, 10)},
            f"{REST_S} s after the last": told(rest),
            "the journal": journal(os.path.join(server.data, "escucha.db"), begun_us),
        }


def grown(samples, calls):
    """What each program holds at the end (the last 5 % of the calls) against when it was warm (5 to 10 %), and the most of it."""
    warm = [each for each in samples if 0.05 <= each["calls"] / calls <= 0.1] or samples[:1]
    end = [each for each in samples if 0.95 <= each["calls"] / calls] or samples[-1:]
    later = [each for each in samples if each["calls"] >= warm[0]["calls"]]
    figures = {}
    for program in PROGRAMS:
        for what in ("resident", "anonymous"):
            before, after = (statistics.median(each[program][what] for each in some) for some in (warm, end))
            most = max(each[program][what] for each in later)
            figures[f"{program}, {what}"] = f"{before / MIB:.1f} to {after / MIB:.1f} MiB ({after / before - 1:+.1%}), at most {most / MIB:.1f}"
    return figures


def opened(fresh, warm, rest, samples):
    """Descriptors and threads: before the first call, when warm, and after the last. Of media's, two are a call's."""
    return {
        f"{program}, {what}": f"{fresh[program][what]} fresh, {warm[program][what]} warm, {rest[program][what]} after the last, "
                              f"at most {max(each[program][what] for each in samples)}"
        for program in PROGRAMS for what in ("descriptors", "threads")
    }


def at(samples, calls):
    return min(samples, key=lambda each: abs(each["calls"] - calls))


def told(one):
    programs = ", ".join(
        f"{name} {one[name]['resident'] / MIB:.1f} MiB ({one[name]['anonymous'] / MIB:.1f} its own), {one[name]['descriptors']} descriptors"
        for name in PROGRAMS)
    return f"{programs}; database {one['database'] / MIB:.0f} MiB, log {one['log'] / MIB:.0f}"
