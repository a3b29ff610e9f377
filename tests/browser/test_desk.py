"""An agent's desk in a real browser, with real calls behind it."""

import os

from harness.case import AGENT_HZ, CALLER_HZ, TONE_AGENT, Case
from harness.chromium import Chromium
from harness.demo import KEY_CLAIM, demo_password
from harness.server import ROOT
from harness.waiting import until


class Desk(Case):
    @classmethod
    def setUpClass(cls):
        assert os.path.exists(os.path.join(ROOT, "web", "dist", "index.html")), "the pages are not built: tools/web.py"
        super().setUpClass()
        cls.browser = Chromium()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        super().tearDownClass()

    def open_desk(self, login="ana", **options):
        """A signed-in page whose agent is ready and whose phone is registered."""
        phone = self.phone(login, sound=TONE_AGENT)
        screen = self.browser.page(self.id(), **options)
        screen.sign_in(self.url, login, demo_password(login))
        screen.wait("desk")
        self.addCleanup(self._leave, self.server.agent_page(login))
        screen.click("idle-start-shift")
        screen.click("idle-ready")
        until(lambda: self.server.agent_page(login).desk()["agent"]["state"] == "ready", 5, "the agent to be ready")
        return screen, phone

    @property
    def url(self):
        return f"http://{self.server.host}:{self.server.http_port}/"

    def clean(self, screen):
        self.assertEqual(screen.do("axe"), [])
        self.assertEqual(screen.do("complaints"), [])

    def test_a_call_from_the_ring_to_the_closed_wrap_up_by_keyboard(self):
        screen, phone = self.open_desk()
        call, _ = self.to_queue()
        screen.wait("offer-card", deadline_s=20)
        self.clean(screen)
        ringing = phone.wait_incoming(5)
        ringing.answer()
        screen.wait("call-bar")
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.clean(screen)
        screen.fill("note-text", "llama por su factura")
        screen.press("F4")
        call.wait_ended()
        screen.wait("wrap-up-finish")
        self.clean(screen)
        screen.choose("wrap-up-topic")
        screen.choose("wrap-up-outcome")
        screen.click("wrap-up-finish")
        screen.wait("wrap-up-finish", state="hidden")
        case = self.watch().wait_type("contact_ended", contact_id=call.contact_id)["case_id"]
        notes = self.server.api("sofia").get(f"/api/v1/cases/{case}")["notes"]
        self.assertIn("llama por su factura", [note["text"] for note in notes])

    def test_reloading_the_page_in_a_call_drops_nothing(self):
        screen, phone = self.open_desk()
        call, _ = self.to_queue()
        ringing = phone.wait_incoming(20)
        ringing.answer()
        screen.wait("call-bar", deadline_s=15)
        screen.do("reload")
        screen.wait("call-bar", deadline_s=15)
        call.wait_tone(AGENT_HZ)
        self.assertIsNone(call.ended_by)
        screen.click("call-hang-up")
        call.wait_ended()

    def test_a_lost_network_says_how_old_the_screen_is_and_comes_back(self):
        screen, phone = self.open_desk()
        screen.do("offline", offline=True)
        call, _ = self.to_queue()
        phone.wait_incoming(20)
        screen.wait("connection-banner", deadline_s=40)
        screen.do("offline", offline=False)
        screen.wait("offer-card", deadline_s=30)
        call.hang_up()

    def test_what_the_caller_keyed_is_on_the_card(self):
        screen, phone = self.open_desk()
        self.staff()
        caller = self.caller()
        call = caller.call("100")
        call.wait_answered()
        call.wait_sound(15)
        call.press(KEY_CLAIM + "1")
        opened = self.watch().wait_type("case_opened", deadline_s=30)
        call.press("0")  # a person, at any moment; 1 means that only once its menu is being said
        screen.wait("offer-card", deadline_s=60)
        reference = opened["data"]["reference"]
        shown = "".join(c for c in screen.text("desk") if c.isdigit())
        self.assertIn(reference, shown)
        phone.wait_incoming(5).answer()
        screen.wait("call-bar")
        call.hang_up()
