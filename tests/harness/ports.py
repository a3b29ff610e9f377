"""Ports for programs that are told their port before they bind it.

They are taken below the kernel's ephemeral range, so no socket of a phone or a browser comes by one in
between, and are locked by byte range in one file, so no other process of these tests does either.
"""

import fcntl
import os
import socket
import tempfile
import threading


class _Locks:
    """One byte of a file a port. The kernel lets go of them when the process ends, however it ends."""

    def __init__(self):
        self._path = os.path.join(tempfile.gettempdir(), f"escucha-ports.{os.getuid()}")
        # Kept open for good: closing any descriptor of the file would drop every lock of this process.
        self._file = open(self._path, "ab")
        self._mine = set()
        self._lock = threading.Lock()

    def take(self, low, count):
        """False when somebody has one of [low, low + count)."""
        with self._lock:
            wanted = set(range(low, low + count))
            if self._mine & wanted:
                return False
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, count, low)
            except OSError:
                return False
            self._mine |= wanted
            return True

    def give_back(self, low, count):
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_UN, count, low)
            self._mine -= set(range(low, low + count))


_locks = _Locks()


def _is_free(port, host):
    """For both UDP and TCP: a port of SIP serves both."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


class PortRange:
    """Consecutive ports that no other test has, until `close` or the end of the process."""

    def __init__(self, span, first, last, host="127.0.0.1", probed=0):
        for low in range(first, last - span + 2, span):
            if not _locks.take(low, span):
                continue
            if all(_is_free(port, host) for port in range(low, low + probed)):
                self.low, self.high = low, low + span - 1
                return
            _locks.give_back(low, span)
        raise RuntimeError(f"no {span} ports are left between {first} and {last}")

    def close(self):
        _locks.give_back(self.low, self.high - self.low + 1)


def rtp_ports():
    """A span for the media process of one scenario; bench/ has the ports above."""
    return PortRange(400, 20000, 25999)


def free_port(host="127.0.0.1"):
    """A port for UDP and TCP, ours until the process ends. The one after it is ours too: baresip
    listens for TLS beside its SIP port."""
    return PortRange(2, 10000, 19999, host, probed=2).low
