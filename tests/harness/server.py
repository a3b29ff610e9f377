"""A fresh escuchad with the demo company, on loopback ports of its own and a directory of its own."""

import contextlib
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile

from harness.api import AgentPage, Api, connect
from harness.demo import demo_password, phone_password
from harness.phone import Phone
from harness.ports import free_port, rtp_ports
from harness.waiting import until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_DEADLINE_S = 60
DRAIN_DEADLINE_S = 20


def programs():
    """Where escuchad is: ESCUCHA_PROGRAMS, or what ./test built."""
    return os.environ.get("ESCUCHA_PROGRAMS", os.path.join(ROOT, "build", "dev", "bin"))


class DemoData:
    """The demo company, loaded once and copied for each server. The processes of one run share it:
    tests/run.py names the folder in ESCUCHA_DEMO_DATA."""

    _own = None

    @classmethod
    def copy_to(cls, folder):
        kept = os.environ.get("ESCUCHA_DEMO_DATA")
        if kept is None:
            cls._own = cls._own or tempfile.TemporaryDirectory(prefix="escucha-demo-")
            kept = cls._own.name
        data = os.path.join(kept, "data")
        with open(os.path.join(kept, "lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(data):
                cls._load(data)
        shutil.copytree(data, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock", "*.log", "*.pid"))

    @staticmethod
    def _load(data):
        os.makedirs(data + ".new")
        server = Server(data + ".new")
        try:
            server.start()
            server.stop()
        finally:
            server.rtp.close()
        os.rename(data + ".new", data)


class Server:
    host = "127.0.0.1"

    def __init__(self, data=None, environment=None, settings=""):
        """`settings` is the text of a configuration file."""
        self._owned = None
        if data is None:
            self._owned = tempfile.TemporaryDirectory(prefix="escucha-test-")
            data = self._owned.name
            DemoData.copy_to(data)
        self.data = data
        self.environment = environment or {}
        self.prefix, self.extra = [], []
        self.bind = self.host
        self.authority = None  # whose certificate it has, when pages and API are by HTTPS
        self.process = None
        self.http_port, self.sip_port = free_port(), free_port()
        self.rtp = rtp_ports()
        self.log_path = os.path.join(data, "escuchad.log")
        if settings:
            path = os.path.join(data, "escucha.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(settings)
            self.extra += ["--config", path]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.discard()

    def discard(self):
        """Ends what is left and removes the directory."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self._end_media()
        self.rtp.close()
        if self._owned:
            self._owned.cleanup()

    def start(self):
        command = [
            *self.prefix, os.path.join(programs(), "escuchad"), "--data", self.data, "--http", str(self.http_port), "--sip", str(self.sip_port),
            "--bind", self.bind, "--web", os.path.join(ROOT, "web", "dist"), "--demo",
            "--rtp-low", str(self.rtp.low), "--rtp-high", str(self.rtp.high), *self.extra,
        ]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment}, start_new_session=True
            )
        until(self._is_ready, START_DEADLINE_S, "escuchad to be ready")

    def stop(self):
        """Drains. A program that does not end in time, or ends badly, fails the scenario."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(DRAIN_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("escuchad did not drain in time:\n" + self.log_tail()) from None
        finally:
            self._end_media()
        assert code == 0, f"escuchad ended with {code}:\n{self.log_tail()}"

    def kill(self):
        """As a power cut would end it; the media process lives on."""
        self.process.kill()
        self.process.wait()

    def kill_media(self):
        """The server starts another."""
        before = self.media_pids()
        assert len(before) == 1, f"media processes: {before}"
        os.kill(before[0], signal.SIGKILL)
        until(lambda: set(self.media_pids()) - set(before), 15, "a new media process")

    def media_pids(self):
        """The media processes of this server, by the directory they were started for."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"escucha-media") and any(self.data.encode() in word for word in words[1:]):
                found.append(int(name))
        return found

    def log_tail(self, lines=40):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return ""

    def journal_tail(self, events=60):
        """Its last events, one a line, read beside the running server."""
        store = sqlite3.connect(f"file:{os.path.join(self.data, 'escucha.db')}?mode=ro", uri=True)
        with contextlib.closing(store):
            rows = store.execute("SELECT seq, at_us, type, contact_id, agent_id, data FROM event ORDER BY seq DESC LIMIT ?", (events,)).fetchall()
        return "\n".join(" ".join(str(field) for field in row if field is not None) for row in reversed(rows))

    @property
    def sip(self):
        return self.host, self.sip_port

    def api(self, login=None, password=None):
        api = Api(self.host, self.http_port, self.authority)
        if login:
            api.sign_in(login, password or demo_password(login))
        return api

    def agent_page(self, login):
        return AgentPage(self.host, self.http_port, login, demo_password(login), self.authority)

    def phone(self, user, **options):
        return Phone(self.sip, user, phone_password(user), **options)

    def caller(self, number="+34911222333", **options):
        return Phone(self.sip, number, **options)

    def metrics(self):
        """{name with labels: value} from /metrics."""
        status, _, octets = self.api().raw("GET", "/metrics")
        assert status == 200
        out = {}
        for line in octets.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                out[name] = float(value)
        return out

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"escuchad ended with {self.process.returncode} before it was ready:\n{self.log_tail()}")
        connection = connect(self.host, self.http_port, self.authority, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _end_media(self):
        for pid in self.media_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
