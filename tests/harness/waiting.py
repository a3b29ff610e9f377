"""Waiting with a deadline, the only way the scenarios wait."""

import fcntl
import os
import socket
import tempfile
import threading
import time

_PAUSE_S = 0.02
_never = threading.Event()


class Late(AssertionError):
    """What was awaited did not come in time."""


def until(condition, deadline_s, what):
    """Returns the first true value of `condition()`; raises Late with `what` at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Late(f"after {deadline_s} s still waiting for {what}")
        _never.wait(_PAUSE_S)


def stays(condition, span_s, what):
    """Asserts that `condition()` is true now and throughout `span_s`."""
    end = time.monotonic() + span_s
    while time.monotonic() < end:
        assert condition(), f"within {span_s} s it was no longer true that {what}"
        _never.wait(_PAUSE_S)


def free_ports(count, kind=socket.SOCK_STREAM, host="127.0.0.1"):
    """Ports that nobody has now. All are held until all are found, so they differ."""
    held = []
    try:
        while len(held) < count:
            probe = socket.socket(socket.AF_INET, kind)
            probe.bind((host, 0))
            held.append(probe)
        return [probe.getsockname()[1] for probe in held]
    finally:
        for probe in held:
            probe.close()


def free_sip_port(host="127.0.0.1"):
    """A port free for both UDP and TCP."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind((host, 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind((host, port))
                except OSError:
                    continue
            return port
    raise RuntimeError("no port is free for both UDP and TCP")


class PortRange:
    """A span of RTP ports that no other server of these tests has; below the ephemeral ones."""

    SPAN, FIRST, COUNT = 400, 20000, 30

    def __init__(self):
        folder = os.path.join(tempfile.gettempdir(), f"escucha-rtp-ports.{os.getuid()}")
        os.makedirs(folder, exist_ok=True)
        for index in range(self.COUNT):
            self._lock = open(os.path.join(folder, str(index)), "w", encoding="utf-8")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
                continue
            self.low = self.FIRST + index * self.SPAN
            self.high = self.low + self.SPAN - 1
            return
        raise RuntimeError("too many servers at once")

    def close(self):
        self._lock.close()
