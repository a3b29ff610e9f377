"""An agent of two companies at one desk, and what each company's people see."""

from browser.case import Pages
from harness.demo import KEY_PERSON, LINE_PARTNER


class TwoCompanies(Pages):
    def to_partner(self):
        call = self.caller().call(LINE_PARTNER)
        call.wait_answered()
        call.wait_sound(15)
        call.press(KEY_PERSON)
        return call

    def test_the_desk_goes_where_the_call_is_and_says_whose_caller_it_is(self):
        screen, phone = self.open_desk("ana")
        screen.wait("company-badge", has="Luz del Valle")
        call = self.to_partner()
        ringing = phone.wait_incoming(20)
        screen.wait("offer-card", deadline_s=20)
        screen.wait("company-badge", has="Aguas de la Vega")
        self.assert_clean(screen)
        ringing.answer()
        screen.wait("call-bar", deadline_s=20)
        self.assert_clean(screen)
        call.hang_up()
        screen.wait("wrap-up-countdown")
        self.assert_clean(screen)

    def test_a_supervisor_goes_from_one_company_to_the_other_and_stops_a_queue(self):
        screen = self.signed_in("sofia")
        screen.wait("company-badge", has="Luz del Valle")
        screen.open(self.address("/companies"))
        screen.wait("company-aguas-de-la-vega")
        self.assert_clean(screen)
        screen.click("enter-aguas-de-la-vega")
        screen.wait("company-badge", has="Aguas de la Vega")
        screen.open(self.address("/floor"))
        queue = self.server.api("bruno").get("/api/v1/queues")["items"][0]["id"]
        screen.wait(f"floor-queue-{queue}", has="Averías de agua")
        screen.click(f"stop-{queue}")
        screen.fill("stop-reason", "Revisión de lo que se dice")
        self.assert_clean(screen)
        screen.click("stop-confirm")
        screen.wait(f"stopped-{queue}", has="Parada")
        self.assert_clean(screen)
        screen.click(f"stop-{queue}")
        screen.gone(f"stopped-{queue}")
