"""A call that an agent passes on to a number outside, from the desk."""

from browser.case import Pages
from harness.case import AGENT_HZ
from harness.outside import OUTSIDE_HZ, WRITTEN, Outside
from harness.waiting import until


class PassedOn(Pages, Outside):
    ring_s = 120

    def ask(self, screen, number):
        screen.press("F10")
        screen.click("transfer-to-number")
        screen.fill("transfer-number", number)
        self.assert_clean(screen)
        screen.click("transfer-number-go")

    def test_a_number_is_called_taken_back_and_called_again(self):
        screen, call, ringing = self.talk()
        self.ask(screen, WRITTEN)
        outside = self.acme.wait_incoming(10)
        screen.wait("call-outside")
        self.assertIn("600", screen.text("call-outside"))
        self.assert_clean(screen)
        call.wait_music(AGENT_HZ)
        screen.click("call-hold")
        outside.wait_ended()
        call.wait_tone(AGENT_HZ)
        screen.gone("call-outside")

        self.ask(screen, WRITTEN)
        self.acme.wait_incoming(10).answer()
        ringing.wait_ended()
        screen.wait("wrap-up-countdown")
        call.wait_tone(OUTSIDE_HZ)
        call.hang_up()

    def test_a_number_is_asked_first_and_then_has_the_caller(self):
        screen, call, ringing = self.talk()
        screen.press("F10")
        screen.click("transfer-to-number")
        screen.fill("transfer-number", WRITTEN)
        screen.click("consult-number")
        asked = self.acme.wait_incoming(10)
        screen.wait("call-consultation")
        self.assertIn("600", screen.text("call-consultation"))
        self.assertFalse(screen.is_visible("call-outside"))
        asked.answer()
        ringing.wait_tone(OUTSIDE_HZ)
        call.wait_music(OUTSIDE_HZ)
        until(lambda: "no se graba" in screen.text("call-consultation"), 10, "the desk to show the conversation")
        self.assert_clean(screen)
        screen.press("F10")
        ringing.wait_ended()
        screen.wait("wrap-up-countdown")
        call.wait_tone(OUTSIDE_HZ)
        call.hang_up()

    def test_a_number_that_is_not_allowed_leaves_the_dialog_and_the_call_as_they_are(self):
        screen, call, _ = self.talk()
        before = len(self.acme.seen)
        self.ask(screen, "112")
        until(lambda: self.server.metrics()['escucha_outside_refused_total{reason="outside_emergency"}'] == 1, 10, "the refusal")
        self.assertTrue(screen.is_visible("transfer-number"))
        self.assertEqual(len(self.acme.seen), before)
        call.wait_tone(AGENT_HZ)
        call.hang_up()
