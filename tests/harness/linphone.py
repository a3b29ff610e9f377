"""Debian's linphone as an agent's phone: its console, driven through its standard input."""

import math
import os
import re
import struct
import subprocess
import tempfile
import threading
import time
import wave

from harness import rtp
from harness.ports import free_port
from harness.processes import wait_or_kill
from harness.waiting import Late, until

CONFIG = """\
[sip]
sip_port={sip_port}
sip_tcp_port={sip_port}
sip_tls_port=-1
guess_hostname=0
contact=sip:{user}@127.0.0.1
default_proxy=0
bind_address=127.0.0.1
use_ipv6=0
media_encryption={encryption}
root_ca={authority}
[rtp]
bind_address=127.0.0.1
audio_rtp_port={rtp_port}
[video]
enabled=0
capture=0
display=0
[proxy_0]
reg_proxy=<sip:{host}:{port};transport={transport}>
reg_identity=<sip:{user}@{host}>
reg_expires=60
reg_sendregister=1
[auth_info_0]
username={user}
passwd={password}
realm=escucha
"""


class Linphone:
    """What it says is a tone of `frequency_hz`; what it hears is kept in a WAV file. With TLS, `authority` is the file of
    whom it trusts."""

    def __init__(self, server, user, password, frequency_hz=660, transport="udp", encryption="none", authority=""):
        self._folder = tempfile.TemporaryDirectory(prefix="escucha-linphone-")
        self.folder = self._folder.name
        self.rtp_port = free_port()
        config = os.path.join(self.folder, "linphonerc")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(
                sip_port=free_port(), rtp_port=self.rtp_port, user=user, password=password, host=server[0], port=server[1],
                transport=transport, encryption=encryption, authority=authority,
            ))
        os.makedirs(os.path.join(self.folder, ".local", "share", "linphone"))
        said, self._heard = (os.path.join(self.folder, name) for name in ("said.wav", "heard.wav"))
        write_tone(said, frequency_hz)
        self._text = ""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            ["linphonec", "-c", config, "-d", "1", "-l", os.path.join(self.folder, "log")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": self.folder, "LC_ALL": "C"}, start_new_session=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        # Files first: it opens the sound card of a call when the call starts.
        self.command("soundcard use files")
        self.command(f"play {said}")
        self.command(f"record {self._heard}")

    def close(self):
        self.command("quit")
        wait_or_kill(self.process)
        self.process.stdin.close()
        self._thread.join()
        self.process.stdout.close()
        self._folder.cleanup()

    def command(self, text):
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended; whoever waits for it reads why.

    def mark(self):
        """Where its output is now, for `wait_said`."""
        with self._changed:
            return len(self._text)

    def wait_said(self, pattern, deadline_s=10, since=0):
        end = time.monotonic() + deadline_s
        with self._changed:
            while not (found := re.search(pattern, self._text[since:])):
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"linphone did not say {pattern!r} in {deadline_s} s:\n{self._text}")
                self._changed.wait(left)
            return found

    def wait_registered(self):
        def is_registered():
            self.command("status register")
            with self._changed:
                return "registered, identity" in self._text

        until(is_registered, 10, "linphone to be registered")

    def wait_incoming(self, deadline_s=20, since=0):
        return self.wait_said(r"Receiving new incoming call", deadline_s, since)

    def wait_ended(self, since=0):
        return self.wait_said(r"Call \d+ .* ended", since=since)

    def answer(self):
        self.command("answer")
        self.wait_said(r"Call \d+ .* connected")

    def hang_up(self):
        self.command("terminate")

    def wait_heard(self, seconds=1.5):
        """Until that much was played; it writes its file as it plays, the header at the end."""
        octets = int(seconds * 2 * rtp.RATE_HZ)
        until(lambda: os.path.exists(self._heard) and os.path.getsize(self._heard) > octets, 10, "linphone to hear something")

    def heard(self):
        """Samples at 8 kHz of what it played; complete once the call ended."""
        with wave.open(self._heard) as file:
            octets = file.readframes(file.getnframes())
            step = file.getnchannels() * file.getframerate() // 8000
            return struct.unpack(f"<{len(octets) // 2}h", octets)[::step]

    def _read(self):
        while data := self.process.stdout.read1(4096):
            with self._changed:
                self._text += data.decode("utf-8", "replace")
                self._changed.notify_all()


def write_tone(path, frequency_hz, seconds=30):
    """A mono WAV at 8 kHz, 16 bit."""
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rtp.RATE_HZ)
        second = [round(8000 * math.sin(2 * math.pi * frequency_hz * i / rtp.RATE_HZ)) for i in range(rtp.RATE_HZ)]
        file.writeframes(struct.pack(f"<{rtp.RATE_HZ}h", *second) * seconds)
