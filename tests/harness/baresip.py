"""Debian's baresip as an agent's phone: a real one, driven through its control socket."""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import wave

from harness.ports import free_port
from harness.processes import end
from harness.waiting import Late, until

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{sip_port}
call_local_timeout 120
call_max_calls 4
audio_player aubridge,nowhere
audio_source ausine,{frequency_hz}
audio_alert aubridge,nowhere
ausrc_srate 48000
auplay_srate 8000
ausrc_channels 2
auplay_channels 1
audio_txmode thread
jitter_buffer_delay 1-5
net_interface 127.0.0.1
module_path {modules}
module g711.so
module g722.so
module opus.so
module ausine.so
module aubridge.so
module sndfile.so
module srtp.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
snd_path {folder}
"""
TLS = """\
sip_cafile {authority}
sip_certificate {own}
"""


def _module_path():
    for folder in ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib/aarch64-linux-gnu/baresip/modules"):
        if os.path.isdir(folder):
            return folder
    raise AssertionError("baresip's modules are not installed")


class Baresip:
    """`frequency_hz` is the tone it says; what it hears is kept in WAV files of its folder. With TLS, `tls` is whom it
    trusts and its own (certificate, key). `encryption` is "srtp" (offered beside RTP/AVP) or "srtp-mand"."""

    def __init__(self, server, user, password, frequency_hz=660, transport="udp", answer="manual", codecs="pcmu,pcma", tls=None, encryption=""):
        self._folder = tempfile.TemporaryDirectory(prefix="escucha-baresip-")
        self.folder = self._folder.name
        self.control_port, self.sip_port = free_port(), free_port()
        with open(os.path.join(self.folder, "config"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(
                sip_port=self.sip_port, control_port=self.control_port, frequency_hz=frequency_hz,
                folder=self.folder, modules=_module_path(),
            ) + (TLS.format(authority=tls[0], own=self._joined(*tls[1])) if tls else ""))
        account = f"<sip:{user}@{server[0]}:{server[1]};transport={transport}>;auth_user={user};auth_pass={password};regint=60;answermode={answer};audio_codecs={codecs}"
        account += f";mediaenc={encryption}\n" if encryption else "\n"
        for name, text in (("accounts", account), ("contacts", ""), ("current_contact", "")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.events = []
        self._changed = threading.Condition()
        self._answers = []
        self.log_path = os.path.join(self.folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [shutil.which("baresip"), "-f", self.folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._socket = until(self._connect, 10, "baresip's control socket")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        end(self.process)
        self._socket.close()
        self._thread.join()
        self._folder.cleanup()

    def command(self, name, parameters="", deadline_s=5):
        text = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        before = len(self._answers)
        self._socket.sendall(str(len(text)).encode() + b":" + text + b",")
        end = time.monotonic() + deadline_s
        with self._changed:
            while len(self._answers) == before:
                if not self._changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise Late(f"baresip did not answer {name}: {self.log()}")
            return self._answers[-1]

    def wait_event(self, kind, deadline_s=10, since=0):
        """The first event of that type, counted from index `since`; e.g. CALL_INCOMING."""
        end = time.monotonic() + deadline_s
        with self._changed:
            while True:
                for event in self.events[since:]:
                    if event.get("type") == kind:
                        return event
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"baresip: no {kind} in {deadline_s} s; it saw {[e.get('type') for e in self.events]}\n{self.log()}")
                self._changed.wait(left)

    def wait_registered(self, deadline_s=10):
        # It may have registered before the control socket was open, so the event is not enough.
        until(lambda: "OK" in self.command("reginfo").get("data", ""), deadline_s, "baresip to be registered")

    def accept(self):
        self.command("accept")

    def hang_up(self):
        self.command("hangup")

    def hold(self):
        self.command("hold")

    def press(self, digit):
        self.command("sndcode", digit)

    def transfer(self, uri):
        self.command("transfer", uri)

    def resume(self):
        self.command("resume")

    def dial(self, uri):
        self.command("dial", uri)

    def heard_bytes(self):
        """How much it has decoded so far, also while the call lasts; 16,000 or more are a second."""
        return sum(os.path.getsize(path) for path in self._dumps())

    def _dumps(self):
        return [os.path.join(self.folder, name) for name in sorted(os.listdir(self.folder)) if re.match(r"dump-.*-dec\.wav$", name)]

    def heard(self):
        """Samples at 8 kHz of everything it decoded; complete once the call ended."""
        samples = []
        for path in self._dumps():
            with wave.open(path) as file:
                octets = file.readframes(file.getnframes())
                # Every so manieth frame, the first channel: enough for a tone.
                step = file.getnchannels() * file.getframerate() // 8000
                samples += struct.unpack(f"<{len(octets) // 2}h", octets)[::step]
        return samples

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def _joined(self, certificate, key):
        path = os.path.join(self.folder, "own.pem")
        with open(path, "wb") as file:
            for part in (certificate, key):
                with open(part, "rb") as source:
                    shutil.copyfileobj(source, file)
        return path

    def _connect(self):
        if self.process.poll() is not None:
            raise AssertionError("baresip ended: " + self.log())
        try:
            return socket.create_connection(("127.0.0.1", self.control_port), timeout=None)
        except ConnectionRefusedError:
            return None

    def _read(self):
        left = b""
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            left += data
            while b":" in left:
                length, _, rest = left.partition(b":")
                if len(rest) < int(length) + 1:
                    break
                message = json.loads(rest[: int(length)].decode("utf-8", "replace"))
                left = rest[int(length) + 1:]
                with self._changed:
                    (self._answers if "response" in message else self.events).append(message)
                    self._changed.notify_all()
