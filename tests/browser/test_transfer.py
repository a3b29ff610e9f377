"""A call that goes from one desk to another with everything that is known of it."""

from browser.case import Pages
from harness import rtp
from harness.case import AGENT_HZ
from harness.demo import KNOWN_NAME, KNOWN_NUMBER

SECOND_HZ = 880


class Transfer(Pages):
    def known_caller(self):
        """A customer who waits in the queue: (call, its first event there)."""
        return self.to_queue(self.caller(KNOWN_NUMBER, sound=rtp.tone(440)))

    def reference_on(self, screen, element):
        """The reference shown there, without the blanks it is grouped by."""
        api = self.api_of()
        contact = screen.do("attribute", id="desk", name="data-contact")
        reference = api.get(f"/api/v1/contacts/{contact}")["contact"]["case"]["reference"]
        self.assertIn(reference, "".join(c for c in screen.text(element) if c.isdigit()))
        return reference

    def assert_whole(self, second, reference):
        """The second desk knows the caller and the case before it answers."""
        second.wait("offer-card", deadline_s=20)
        self.assertIn(KNOWN_NAME, second.text("offer-caller"))
        self.assertEqual(self.reference_on(second, "offer-card"), reference)
        self.assert_clean(second)

    def test_to_an_agent_by_key_with_caller_and_case(self):
        first, call, ringing = self.talk("ana", queued=self.known_caller())
        reference = self.reference_on(first, "desk-case")
        second, second_phone = self.open_desk("luis", sound=rtp.tone(SECOND_HZ))
        first.press("F10")
        luis = self.server.agent_page("luis").agent_id
        first.wait(f"transfer-agent-{luis}")
        self.assert_clean(first)
        first.click(f"transfer-agent-{luis}")
        self.assert_whole(second, reference)
        second_phone.wait_incoming(10).answer()
        second.wait("call-bar")
        ringing.wait_ended()
        call.wait_tone(SECOND_HZ)
        first.wait("wrap-up-countdown")
        self.assertIsNone(call.ended_by)

    def test_to_a_queue_with_the_arrival_kept(self):
        first, call, ringing = self.talk("ana", queued=self.known_caller())
        reference = self.reference_on(first, "desk-case")
        queue = self.server.agent_page("ana").desk()["queues"][0]["id"]
        first.press("F10")
        first.click("transfer-to-queue")
        first.click(f"transfer-queue-{queue}")
        ringing.wait_ended()
        first.wait("wrap-up-countdown")
        second, second_phone = self.open_desk("luis")
        self.assert_whole(second, reference)
        second_phone.wait_incoming(10).answer()
        second.wait("call-bar")
        call.wait_tone(AGENT_HZ)
        self.assertIsNone(call.ended_by)
