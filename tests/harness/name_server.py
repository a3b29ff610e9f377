"""A name server on loopback that knows the records a scenario gives it."""

import socket
import struct
import threading

A, SRV, NAPTR = 1, 33, 35


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def srv(priority, port, target):
    return struct.pack(">HHH", priority, 1, port) + name(target)


class NameServer:
    """`records` is {(name, type): [rdata]}; what is not there does not exist."""

    def __init__(self, records, ttl_s=3600):
        self.records, self.ttl_s = records, ttl_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._closed.set()
        self._thread.join()
        self._socket.close()

    def _run(self):
        while not self._closed.is_set():
            try:
                query, peer = self._socket.recvfrom(1500)
            except (TimeoutError, ConnectionRefusedError):
                continue
            self._socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        parts, at = [], 12
        while query[at]:
            parts.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        question = query[12:at + 5]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        found = self.records.get((".".join(parts), kind), [])
        flags = 0x8180 if found else 0x8183
        answer = query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question
        for data in found:
            answer += struct.pack(">HHHIH", 0xC00C, kind, 1, self.ttl_s, len(data)) + data
        return answer
