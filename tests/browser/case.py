"""The base of the browser's scenarios: one server and one Chromium for the class, pages that close
behind themselves."""

import os

from harness.case import TONE_AGENT, Case
from harness.chromium import Chromium
from harness.demo import demo_password
from harness.server import ROOT
from harness.waiting import until


class Pages(Case):
    microphone = "none"  # or "fake": Chromium's own, which beeps every second

    @classmethod
    def setUpClass(cls):
        assert os.path.exists(os.path.join(ROOT, "web", "dist", "index.html")), "the pages are not built: tools/web.py"
        super().setUpClass()
        cls.browser = Chromium(cls.microphone)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        super().tearDownClass()

    def address(self, path="/"):
        scheme = "https" if self.server.authority else "http"
        return f"{scheme}://{self.server.host}:{self.server.http_port}{path}"

    def screen(self, **options):
        """A browser window of its own, nobody signed in."""
        screen = self.browser.page(**options)
        self.addCleanup(screen.close)
        return screen

    def signed_in(self, login, **options):
        screen = self.screen(**options)
        screen.sign_in(self.address(), login, demo_password(login))
        return screen

    def open_desk(self, login="ana", sound=TONE_AGENT, **options):
        """(page, phone) of an agent who is signed in on the page, registered and ready."""
        phone = self.phone(login, sound=sound)
        screen = self.signed_in(login, **options)
        screen.wait("desk")
        desk = self.server.agent_page(login)
        self.addCleanup(self._leave, desk)
        screen.click("idle-start-shift")
        screen.click("idle-ready")
        until(lambda: desk.desk()["agent"]["state"] in ("ready", "offered"), 10, "the agent to be ready")
        return screen, phone

    def talk(self, login="ana", queued=None, **options):
        """A caller talking with an agent at an open desk: (page, caller's call, agent's call)."""
        screen, phone = self.open_desk(login, **options)
        call, _ = queued or self.to_queue()
        ringing = phone.wait_incoming(20)
        ringing.answer()
        screen.wait("call-bar", deadline_s=20)
        return screen, call, ringing

    def api_of(self, login="sofia"):
        return self.server.api(login)

    def case_of(self, call):
        """The id of the case that a contact hangs from; known once it is answered."""
        contact = self.api_of().get(f"/api/v1/contacts/{call.contact_id}")
        return contact["contact"]["case"]["id"]

    def assert_clean(self, screen):
        """Nothing that axe or the browser's console complains of, and no text of the other language."""
        screen.do("settle")
        self.assertEqual(screen.do("axe"), [])
        self.assertEqual(screen.do("complaints"), [])
        self.assertEqual(screen.do("foreign", language=screen.do("language")), [])
