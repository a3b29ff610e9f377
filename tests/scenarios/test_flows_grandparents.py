"""Line 200, Los abuelos, walked through by telephone."""

import time

from harness.demo import LINE_GRANDPARENTS
from scenarios.test_flows import Walk


class Grandparents(Walk):
    # option, its question, the answer, kind of the case it leaves, and what is in it
    OPTIONS = (
        ("7", "domingo_cuantos", "2#", "sunday_meal", ("comensales", "2")),
        ("9", "dinero_cuanto", "50#", "money", ("importe", "5000 EUR")),
    )

    def test_options_end_by_speaking_a_reference(self):
        for option, question, answer, kind, datum in self.OPTIONS:
            with self.subTest(kind):
                call, wait = self.dial(LINE_GRANDPARENTS, f"+3491122255{option}")  # nobody's open matter
                self.at_node(wait, "menu")
                call.press(option)
                self.at_node(wait, question)
                call.press(answer)
                call.wait_sound(15, since=time.monotonic())
                call.press("1")
                opened = wait("case_opened", 60)
                self.assertEqual(opened["data"]["kind"], kind)
                wait("reference_spoken", 60)
                call.hang_up()
                wait("contact_ended")
                case = self.server.api("sofia").get(f"/api/v1/cases/{opened['case_id']}")
                self.assertEqual([(one["name"], one["value"]) for one in case["data"]], [datum])

    def test_a_friend_who_says_nothing_may_leave_a_message(self):
        call, wait = self.dial(LINE_GRANDPARENTS)
        wait("recording_started", 120, kind="voicemail")
        call.hang_up()
        wait("contact_ended")
        self.assertIsNotNone(self.record(call)["case"])

    def test_hanging_up_in_a_question_keeps_what_was_given(self):
        call, wait = self.dial(LINE_GRANDPARENTS)
        self.at_node(wait, "menu")
        call.press("9")
        self.at_node(wait, "dinero_cuanto")
        call.hang_up()
        self.assertEqual(wait("case_opened")["data"]["kind"], "money")
        wait("contact_ended")
