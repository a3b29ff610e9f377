"""A colleague who is asked comes into the call, from the desks of both."""

from browser.case import Pages
from harness import rtp
from harness.case import AGENT_HZ

SECOND_HZ = 880


class Conference(Pages):
    def test_made_by_a_button_left_by_another(self):
        first, call, ringing = self.talk("ana")
        second, second_phone = self.open_desk("luis", sound=rtp.tone(SECOND_HZ))
        luis = self.server.agent_page("luis").agent_id
        first.press("F10")
        first.click(f"consult-agent-{luis}")
        asked = second_phone.wait_incoming(20)
        second.wait("consultation-card", deadline_s=20)
        asked.answer()
        ringing.wait_tone(SECOND_HZ)
        first.click("call-conference")
        call.wait_tone(SECOND_HZ, share=0.3)
        call.wait_tone(AGENT_HZ, share=0.3)
        first.wait(f"member-{luis}")
        self.assertIn("En la conferencia", first.text("conference"))
        self.assertIn("Salir y dejarlos", first.text("call-hang-up"))
        self.assert_clean(first)
        second.wait("consultation-card")
        self.assertIn("Conferencia de", second.text("consultation-by"))

        first.click(f"remove-{luis}")
        asked.wait_ended()
        call.wait_tone(AGENT_HZ)
        first.wait("call-transfer")
        self.assertIn("Colgar", first.text("call-hang-up"))

        # Once more, and the agent leaves them to it.
        first.press("F10")
        first.click(f"consult-agent-{luis}")
        asked = second_phone.wait_incoming(20)
        asked.answer()
        ringing.wait_tone(SECOND_HZ)
        first.click("call-conference")
        first.wait(f"member-{luis}")
        first.click("call-hang-up")
        ringing.wait_ended()
        call.wait_tone(SECOND_HZ)
        first.wait("wrap-up-countdown")
        second.wait("call-bar")
