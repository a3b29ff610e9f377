"""A WebSocket client (RFC 6455) for the event stream: text frames in, pings answered, nothing more."""

import base64
import json
import os
import socket
import ssl
import struct
import threading
import time

from harness.waiting import Late


class EventStream:
    """Collects frames on a thread. Each frame gets `_at`, the monotonic instant it arrived."""

    def __init__(self, host, port, path, headers, authority=None):
        self._socket = socket.create_connection((host, port), timeout=5)
        if authority:
            self._socket = ssl.create_default_context(cafile=authority).wrap_socket(self._socket, server_hostname=host)
        scheme = "https" if authority else "http"
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Origin: {scheme}://{host}:{port}",
        ] + [f"{name}: {value}" for name, value in headers.items()]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._left = b""
        head = self._until(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(head.decode("latin-1"))
        self.frames = []
        self.close_code = None
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_for(self, condition, deadline_s, what):
        """The first frame for which `condition(frame)` holds, among those that came and that come."""
        end = time.monotonic() + deadline_s
        seen = 0
        with self._arrived:
            while True:
                for frame in self.frames[seen:]:
                    if condition(frame):
                        return frame
                seen = len(self.frames)
                left = end - time.monotonic()
                if left <= 0 or (self.close_code is not None and seen == len(self.frames)):
                    types = [f.get("type") for f in self.frames[-12:]]
                    raise Late(f"no event in {deadline_s} s: {what}; the last were {types}")
                self._arrived.wait(left)

    def wait_type(self, kind, deadline_s=10, **ids):
        return self.wait_for(
            lambda f: f.get("type") == kind and all(f.get(k) == v for k, v in ids.items()), deadline_s, kind
        )

    def types(self):
        with self._arrived:
            return [frame["type"] for frame in self.frames]

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join()
        self._socket.close()

    def _until(self, end):
        while end not in self._left:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._left += data
        head, _, self._left = self._left.partition(end)
        return head

    def _exactly(self, count):
        while len(self._left) < count:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._left += data
        out, self._left = self._left[:count], self._left[count:]
        return out

    def _frame(self):
        first, second = self._exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return first & 0x0F, self._exactly(length)

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def _read(self):
        self._socket.settimeout(None)
        code = 1006
        try:
            while True:
                opcode, payload = self._frame()
                if opcode == 9:
                    self._send(10, payload[:125])
                elif opcode == 8:
                    code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                    self._send(8, payload[:2])
                    break
                elif opcode == 1:
                    frame = json.loads(payload)
                    frame["_at"] = time.monotonic()
                    with self._arrived:
                        self.frames.append(frame)
                        self._arrived.notify_all()
        except (OSError, ConnectionError):
            pass
        with self._arrived:
            self.close_code = code
            self._arrived.notify_all()
