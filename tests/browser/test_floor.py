"""The supervisor's live floor with callers who really wait, and who may come in at all."""

import re

from browser.case import Pages
from harness.demo import KNOWN_NAME, KNOWN_NUMBER, demo_password
from harness.waiting import until


class Floor(Pages):
    def place_and_time(self, screen, call):
        """What the row of a caller shows: (state, place, seconds on the line)."""
        row = f"floor-contact-{call.contact_id}"
        state = screen.do("attribute", id=row, name="data-state")
        place = screen.text(f"place-{call.contact_id}").strip()
        minutes, seconds = re.match(r"(\d+):(\d\d)", screen.text(f"time-{call.contact_id}")).groups()
        return state, place, int(minutes) * 60 + int(seconds)

    def test_a_waiting_caller_is_on_the_floor_with_place_and_time_and_leaves_it_when_answered(self):
        screen = self.signed_in("sofia")
        screen.open(self.address("/floor"))
        call, queued = self.to_queue(self.caller(KNOWN_NUMBER))
        screen.wait(f"floor-contact-{call.contact_id}", has=KNOWN_NAME)
        until(lambda: self.place_and_time(screen, call)[:2] == ("waiting", "1"), 10, "the caller's place")
        before = self.place_and_time(screen, call)[2]
        until(lambda: self.place_and_time(screen, call)[2] > before, 10, "the caller's time to count")
        self.assertEqual(screen.text(f"waiting-{queued['queue_id']}"), "1")
        self.assert_clean(screen)
        page, phone = self.ready_agent("ana")
        screen.wait(f"floor-agent-{page.agent_id}", has="Ana Belmonte")
        phone.wait_incoming(20).answer()
        shown = f"floor-agent-{page.agent_id}"
        until(lambda: screen.do("attribute", id=shown, name="data-state") == "talking", 10, "the agent to talk")
        until(lambda: screen.text(f"waiting-{queued['queue_id']}") == "0", 10, "nobody to wait")
        self.assertIn(KNOWN_NAME, screen.text(shown))
        self.assert_clean(screen)
        call.hang_up()
        screen.gone(f"floor-contact-{call.contact_id}")

    def test_an_agent_is_told_that_the_floor_is_not_for_agents(self):
        screen = self.signed_in("ana")
        screen.open(self.address("/floor"))
        screen.do("waitText", text="Esta página es para supervisores")
        self.assertEqual(screen.do("count", id="nav-floor"), 0)
        self.assert_clean(screen)


class SigningIn(Pages):
    def open_door(self, **options):
        screen = self.screen(**options)
        screen.open(self.address())
        return screen

    def enter(self, screen, login, password):
        screen.fill("sign-in-login", login)
        screen.fill("sign-in-password", password)
        screen.press("Enter")

    def test_a_wrong_password_is_said_and_the_right_one_opens_the_page_asked_for(self):
        screen = self.screen()
        screen.open(self.address("/cases"))
        self.assert_clean(screen)
        self.enter(screen, "ana", "no es esta")
        screen.wait("sign-in-error", has="El usuario o la contraseña no son correctos")
        self.assert_clean(screen)
        self.assertEqual(screen.value("sign-in-login"), "ana")
        self.enter(screen, "ana", demo_password("ana"))
        screen.wait("person-menu")
        screen.wait("cases-status")

    def test_somebody_unknown_is_told_the_same_as_with_a_wrong_password(self):
        texts = set()
        for login in ("marta", "nadie"):
            screen = self.open_door()
            self.enter(screen, login, "no es esta")
            screen.wait("sign-in-error")
            texts.add(screen.text("sign-in-error"))
        self.assertEqual(len(texts), 1)

    def test_who_tries_too_often_is_asked_to_wait(self):
        screen = self.open_door(language="en")
        for _ in range(20):
            self.enter(screen, "luis", "no es esta")
            screen.do("settle")
            if "Too many attempts" in screen.text("sign-in-error"):
                break
        screen.wait("sign-in-error", has="Too many attempts")
        self.assert_clean(screen)

    def test_a_session_that_ended_leads_back_to_the_door(self):
        screen = self.signed_in("ana")
        screen.wait("desk")
        screen.click("person-menu")
        screen.click("sign-out")
        screen.wait("sign-in-login")
        screen.open(self.address("/cases"))
        screen.wait("sign-in-login")
