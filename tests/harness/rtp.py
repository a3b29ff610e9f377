"""A phone's sound: G.711 out of a tone, digits by RFC 4733, and what came in, measured."""

import math
import os
import socket
import struct
import threading
import time

PTIME_S = 0.02
SAMPLES = 160
RATE_HZ = 8000


def _mulaw(sample):
    sample = max(-32635, min(32635, int(sample)))
    sign = 0x80 if sample < 0 else 0
    magnitude = abs(sample) + 132
    exponent = max(0, magnitude.bit_length() - 8)
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def _linear(byte):
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 132 << ((byte & 0x70) >> 4)) - 132
    return -magnitude if byte & 0x80 else magnitude


ULAW = [_linear(byte) for byte in range(256)]


def _alaw_linear(byte):
    byte ^= 0x55
    exponent, mantissa = (byte & 0x70) >> 4, byte & 0x0F
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if byte & 0x80 else -value


ALAW = [_alaw_linear(byte) for byte in range(256)]


def tone(frequency_hz, amplitude=8000):
    """One second of PCMU; the frequency is a whole number of Hz, so that it loops without a click."""
    return bytes(_mulaw(amplitude * math.sin(2 * math.pi * frequency_hz * i / RATE_HZ)) for i in range(RATE_HZ))


def key_tones(digits, tone_ms=100, gap_ms=100):
    """PCMU of a telephone's keys as two tones each (ITU-T Q.23), whole packets of 20 ms."""
    out = bytearray()
    for digit in digits:
        at = "123A456B789C*0#D".index(digit)
        row, column = (697, 770, 852, 941)[at // 4], (1209, 1336, 1477, 1633)[at % 4]
        for i in range(tone_ms * RATE_HZ // 1000):
            angle = 2 * math.pi * i / RATE_HZ
            out.append(_mulaw(8000 * math.sin(row * angle) + 10000 * math.sin(column * angle)))
        out += bytes([0xFF]) * (gap_ms * RATE_HZ // 1000)
    return bytes(out)


SILENCE = bytes([0xFF]) * RATE_HZ


def level_dbfs(samples):
    if not samples:
        return -120.0
    power = sum(s * s for s in samples) / len(samples)
    return 10 * math.log10(power / 32768**2) if power > 0 else -120.0


def share_of(samples, frequency_hz, rate_hz=RATE_HZ):
    """The share of the energy that lies at one frequency, 0 to 1 (Goertzel)."""
    energy = sum(s * s for s in samples)
    if not samples or energy == 0:
        return 0.0
    omega = 2 * math.cos(2 * math.pi * frequency_hz / rate_hz)
    previous = before = 0.0
    for sample in samples:
        previous, before = sample + omega * previous - before, previous
    power = previous**2 + before**2 - omega * previous * before
    return min(1.0, 2 * power / (len(samples) * energy))


def best_share_of(samples, hertz, window=3200):
    """The same in the best stretch of `window` samples: a machine that is too busy to play without gaps plays some."""
    starts = range(0, max(1, len(samples) - window), window // 4)
    return max(share_of(samples[start:start + window], hertz) for start in starts)


class Stream:
    """One RTP socket with a sender every 20 ms. `heard` holds (arrival, payload type, payload)."""

    def __init__(self, host="127.0.0.1", sound=SILENCE):
        self.host = host
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]
        self.heard = []
        self.sources = set()
        self._sound, self._at = sound, 0
        self._peer = None
        self._sequence = int.from_bytes(os.urandom(2), "big")
        self._timestamp = int.from_bytes(os.urandom(4), "big")
        self._ssrc = int.from_bytes(os.urandom(4), "big")
        self._events = []
        self._tones = b""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.is_sending = True
        self._threads = [threading.Thread(target=self._send, daemon=True), threading.Thread(target=self._receive, daemon=True)]
        for thread in self._threads:
            thread.start()

    def send_to(self, host, port):
        with self._lock:
            self._peer = (host, port) if port else None

    def play(self, sound):
        with self._lock:
            self._sound, self._at = sound, 0

    def press(self, digits, duration_ms=120, gap_ms=80):
        """Queues RFC 4733 events; they are sent one after another."""
        with self._lock:
            for digit in digits:
                self._events.append(("0123456789*#ABCD".index(digit), duration_ms // 20, gap_ms // 20))

    def press_in_voice(self, digits):
        """Says the tones of the keys, then goes on with what it said before."""
        with self._lock:
            self._tones += key_tones(digits)

    def is_pressing(self):
        with self._lock:
            return bool(self._events or self._tones)

    def samples(self, since=0.0):
        """What was heard after the monotonic instant `since`, as 16-bit samples."""
        out = []
        for at, payload_type, payload in list(self.heard):
            if at >= since and payload_type in (0, 8):
                table = ULAW if payload_type == 0 else ALAW
                out.extend(table[byte] for byte in payload)
        return out

    def packets(self, since=0.0):
        return sum(1 for at, _, _ in list(self.heard) if at >= since)

    def digits(self):
        """The keys heard as RFC 4733 events."""
        found, last = [], None
        for _, payload_type, payload in list(self.heard):
            if payload_type == 101 and len(payload) >= 4:
                found.append(payload[0])
        out = []
        for event in found:
            if event != last:
                out.append("0123456789*#ABCD"[event])
            last = event
        return "".join(out)

    def close(self):
        if self._closed.is_set():
            return
        self._closed.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _packet(self, payload_type, marker, timestamp, payload):
        header = struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | payload_type, self._sequence, timestamp, self._ssrc)
        self._sequence = self._sequence + 1 & 0xFFFF
        return header + payload

    def _next(self, running):
        """The next packet, and the digit in progress: (event, steps left, gap, start, total)."""
        self._timestamp = self._timestamp + SAMPLES & 0xFFFFFFFF
        if running is None and self._events:
            event, steps, gap = self._events[0]
            running = [event, steps, gap, self._timestamp, steps]
        if running is None and self._tones:
            payload, self._tones = self._tones[:SAMPLES], self._tones[SAMPLES:]
            return self._packet(0, False, self._timestamp, payload), None
        if running is None:
            payload = self._sound[self._at:self._at + SAMPLES]
            self._at = (self._at + SAMPLES) % RATE_HZ
            return self._packet(0, False, self._timestamp, payload), None
        event, steps, gap, start, total = running
        if steps > 0:
            length = (total - steps + 1) * SAMPLES
            running[1] -= 1
            payload = struct.pack("!BBH", event, 10 | (0x80 if steps == 1 else 0), length)
            return self._packet(101, steps == total, start, payload), running
        running[2] -= 1
        if gap <= 0:
            self._events.pop(0)
            return None, None
        if total * SAMPLES and gap >= 2:  # the end of an event is sent three times (RFC 4733 2.5.1.4)
            return self._packet(101, False, start, struct.pack("!BBH", event, 10 | 0x80, total * SAMPLES)), running
        return None, running

    def _send(self):
        running = None
        due = time.monotonic()
        while not self._closed.wait(max(0.0, due - time.monotonic())):
            due += PTIME_S
            with self._lock:
                if self._peer is None or not self.is_sending:
                    continue
                packet, running = self._next(running)
                if packet:
                    try:
                        self._socket.sendto(packet, self._peer)
                    except OSError:
                        pass  # the peer's port is closed; a phone goes on

    def _receive(self):
        while not self._closed.is_set():
            try:
                data, source = self._socket.recvfrom(2048)
            except (TimeoutError, ConnectionError):
                continue
            if len(data) >= 12 and data[0] >> 6 == 2:
                self.sources.add(source)
                self.heard.append((time.monotonic(), data[1] & 0x7F, data[12:]))
