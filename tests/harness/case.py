"""The base of every scenario class: one server for the class, phones that hang up behind themselves."""

import tempfile
import unittest

from harness import rtp
from harness.demo import KEY_PERSON
from harness.ports import free_port
from harness.server import Server
from harness.tls import Authority
from harness.waiting import until

CALLER_HZ, AGENT_HZ = 440, 660
TONE_CALLER, TONE_AGENT = rtp.tone(CALLER_HZ), rtp.tone(AGENT_HZ)


class Case(unittest.TestCase):
    """`self.server` is shared by the class. After the last test nothing may be left: no call, no bug."""

    server = None
    environment = {}
    settings = ""  # the text of its configuration file
    leave_deadline_s = 20

    @classmethod
    def setUpClass(cls):
        cls.server = Server(environment=cls.environment, settings=cls.settings)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        try:
            if cls.server.process.poll() is None:
                cls.check_nothing_left()
            cls.server.stop()
        finally:
            cls.server.discard()

    @classmethod
    def check_nothing_left(cls):
        admin = cls.server.api("admin")
        until(lambda: not sum(admin.get("/api/v1/status")["contacts"].values()), cls.leave_deadline_s, "every call to be over")
        bugs = {name: value for name, value in cls.server.metrics().items() if "bugs_total" in name and value}
        assert not bugs, f"the server met bugs: {bugs}\n{cls.server.log_tail()}"

    def caller(self, number="+34911222333", **options):
        return self._closed(self.server.caller(number, **options))

    def phone(self, user, **options):
        """A registered agent's phone."""
        phone = self._closed(self.server.phone(user, **options))
        answer = phone.register()
        self.assertEqual(answer.status, 200, answer.first)
        self.addCleanup(phone.register, expires_s=0)
        return phone

    def page(self, login):
        """An agent's page with its event stream; signed out of the shift at the end."""
        page = self.server.agent_page(login)
        page.open()
        self.addCleanup(page.close)
        self.addCleanup(self._leave, page)
        return page

    def ready_agent(self, login, **options):
        """(page, phone) of an agent who takes calls."""
        phone = self.phone(login, **options)
        page = self.page(login)
        page.be_ready()
        return page, phone

    def staff(self):
        """Somebody who is in, so that a queue takes callers, but takes no call."""
        if not getattr(self, "_is_staffed", False):
            self._is_staffed = True
            page = self.page("marta")
            page.act("sign-in")

    def to_queue(self, caller=None, number="100"):
        """A call that asked for a person and waits; returns it with its `contact_queued` frame."""
        self.staff()
        watcher = self.watch()
        caller = caller or self.caller(sound=TONE_CALLER)
        before = len(watcher.frames)
        call = caller.call(number)
        call.wait_answered()
        call.wait_sound(15)
        call.press(KEY_PERSON)
        queued = watcher.wait_for(
            lambda f: f["type"] == "contact_queued" and f in watcher.frames[before:], 20, "the caller to wait in a queue"
        )
        call.contact_id = queued["contact_id"]
        return call, queued

    def watch(self):
        """The company's whole event stream, as a supervisor sees it; one for each test."""
        if getattr(self, "_watcher", None) is None:
            api = self.server.api("sofia")
            self._watcher = api.events(api.get("/api/v1/floor")["seq"])
            self.addCleanup(self._watcher.close)
        return self._watcher

    def connected(self, login="ana", **options):
        """A caller talking with an agent: (call, agent's call, page, phone)."""
        page, phone = self.ready_agent(login, sound=TONE_AGENT)
        call, _ = self.to_queue(**options)
        ringing = phone.wait_incoming(20)
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        return call, ringing, page, phone

    def finish(self, page, outcome="solved", **fields):
        """Ends the wrap-up with a disposition."""
        page.stream.wait_for(lambda f: f["type"] == "agent_state_changed" and f["data"]["state"] == "wrap_up", 15, "wrap-up")
        return page.act("wrap-up/finish", {"topic": "other", "outcome": outcome, **fields})

    def _closed(self, phone):
        def close():
            for call in list(phone.calls.values()):
                if call.answered_at is not None and not call.ended_by and not phone.is_closed:
                    call.hang_up()
            phone.close()

        self.addCleanup(close)
        return phone

    @staticmethod
    def _leave(page):
        """Signed out for good: a wrap-up left behind would keep the agent from the next scenario."""
        if page.desk()["agent"]["state"] == "talking":
            page.act("hang-up")
        if page.desk()["agent"]["state"] == "wrap_up":
            page.act("wrap-up/finish", {"topic": "other", "outcome": "solved"})
        if page.desk()["agent"]["state"] != "signed_out":
            page.act("sign-out")


class ServerOfItsOwn(Case):
    """For tests that break something: each has a server to itself."""

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def setUp(self):
        self.server = Server(environment=self.environment, settings=self.settings)
        self.server.start()
        self.addCleanup(self.server.discard)


class OverHttps(Case):
    """Pages and API by HTTPS, with a certificate of `self.authority`."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)
        cls.certificate, cls.key = cls.authority.issue("escucha")
        cls.redirect_port = free_port()
        cls.server = Server(settings=f"""
            [http]
            tls_certificate = "{cls.certificate}"
            tls_key = "{cls.key}"
            redirect_port = {cls.redirect_port}
            {cls.settings}
        """)
        cls.server.authority = cls.authority.certificate
        cls.server.start()


class OverTls(Case):
    """The server has a certificate of `self.authority` and listens for TLS at `self.tls_address`."""

    demanding = False  # of a certificate of the peer's own

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)
        cls.certificate, cls.key = cls.authority.issue("escucha")
        cls.server = Server()
        cls.tls_address = cls.server.host, free_port()
        cls.server.extra = ["--sips", str(cls.tls_address[1]), "--tls-certificate", cls.certificate, "--tls-key", cls.key]
        if cls.demanding:
            cls.server.extra += ["--tls-client-ca", cls.authority.certificate]
        cls.server.start()
