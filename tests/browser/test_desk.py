"""An agent's desk in a real browser, with real calls behind it."""

from browser.case import Pages
from harness.case import AGENT_HZ, CALLER_HZ
from harness.demo import KEY_CLAIM
from harness.waiting import until


class Desk(Pages):
    def test_a_call_from_the_ring_to_the_closed_wrap_up_by_keyboard(self):
        screen, phone = self.open_desk()
        call, _ = self.to_queue()
        screen.wait("offer-card", deadline_s=20)
        self.assert_clean(screen)
        ringing = phone.wait_incoming(5)
        ringing.answer()
        screen.wait("call-bar")
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.assert_clean(screen)
        screen.fill("note-text", "llama por su factura")
        screen.press("F4")
        call.wait_ended()
        screen.wait("wrap-up-countdown")
        self.assert_clean(screen)
        screen.choose("wrap-up-topic", "bill")
        screen.choose("wrap-up-outcome", "solved")
        screen.click("wrap-up-finish")
        screen.gone("wrap-up-finish")
        case = self.watch().wait_type("contact_ended", contact_id=call.contact_id)["case_id"]
        notes = self.api_of().get(f"/api/v1/cases/{case}")["notes"]
        self.assertIn("llama por su factura", [note["text"] for note in notes])

    def test_reloading_the_page_in_a_call_drops_nothing(self):
        screen, call, _ = self.talk()
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
        shown = "".join(c for c in screen.text("offer-card") if c.isdigit())
        self.assertIn(reference, shown)
        phone.wait_incoming(5).answer()
        screen.wait("call-bar")
        call.hang_up()

    def test_hold_by_key_plays_music_to_the_caller_and_shows_how_long(self):
        screen, call, _ = self.talk()
        call.wait_tone(AGENT_HZ)
        screen.press("F8")
        screen.wait("hold-timer")
        call.wait_music(AGENT_HZ)
        self.assertEqual(screen.do("attribute", id="call-hold", name="aria-pressed"), "true")
        first = screen.text("hold-timer")
        until(lambda: screen.text("hold-timer") != first, 10, "the timer of the hold to count")
        self.assert_clean(screen)
        screen.press("F8")
        screen.gone("hold-timer")
        call.wait_tone(AGENT_HZ)
        self.assertIsNone(call.ended_by)

    def test_the_recording_pauses_and_goes_on_from_the_page(self):
        screen, call, _ = self.talk()
        screen.click("call-pause-recording")
        screen.click("pause-card_data")
        screen.wait("call-resume-recording")
        paused = self.watch().wait_type("recording_paused", contact_id=call.contact_id)
        self.assertEqual(paused["data"]["reason"], "card_data")
        self.assert_clean(screen)
        screen.press("F9")
        screen.wait("call-pause-recording")
        self.watch().wait_type("recording_resumed", contact_id=call.contact_id)
        self.assertIsNone(call.ended_by)

    def test_a_follow_up_is_promised_with_its_step_owner_and_date(self):
        screen, call, _ = self.talk()
        case = self.case_of(call)
        call.hang_up()
        screen.wait("wrap-up-countdown")
        screen.click("wrap-up-extend")
        self.watch().wait_type("wrap_up_extended", contact_id=call.contact_id)
        screen.choose("wrap-up-topic", "outage")
        screen.choose("wrap-up-outcome", "follow_up")
        screen.click("wrap-up-finish")
        screen.do("waitText", text="Escriba qué se hará")
        self.assert_clean(screen)
        luis = self.server.agent_page("luis").session["user"]["id"]
        screen.fill("wrap-up-next-step", "Confirmar que ha vuelto la luz")
        screen.choose("wrap-up-owner", luis)
        screen.fill("wrap-up-due", "2099-12-31")
        screen.click("wrap-up-finish")
        screen.gone("wrap-up-finish")
        row = self.api_of().get(f"/api/v1/cases/{case}")["case"]
        promised = (row["topic"], row["status"], row["next_step"], row["owner"]["id"], row["due"])
        self.assertEqual(promised, ("outage", "in_progress", "Confirmar que ha vuelto la luz", luis, "2099-12-31"))
        agent = self.server.agent_page("ana").desk()["agent"]
        self.assertEqual(agent["state"], "ready")

    def test_a_note_written_in_two_windows_at_once_loses_nothing(self):
        screen, call, _ = self.talk()
        case = self.case_of(call)
        other = self.signed_in("ana")
        other.wait_value("note-text", "")
        screen.fill("note-text", "Pide la factura de mayo.")
        screen.wait("note-state", has="Guardado")
        other.wait_value("note-text", "Pide la factura de mayo.")
        screen.do("offline", offline=True)
        screen.fill("note-text", "Pide la factura de mayo. La quiere por correo.")
        other.fill("note-text", "Pide la factura de mayo. Y la de junio.")
        other.wait("note-state", has="Guardado")
        screen.do("offline", offline=False)
        screen.wait("note-conflict", deadline_s=20)
        self.assertIn("Y la de junio", screen.text("note-conflict"))
        self.assertEqual(screen.value("note-text"), "Pide la factura de mayo. La quiere por correo.")
        self.assertEqual(screen.do("axe"), [])
        screen.click("note-keep-both")
        screen.gone("note-conflict")
        screen.wait("note-state", has="Guardado")
        stored = self.api_of().get(f"/api/v1/cases/{case}")["notes"]
        self.assertEqual(len(stored), 1)
        self.assertIn("Y la de junio.", stored[0]["text"])
        self.assertIn("La quiere por correo.", stored[0]["text"])

    def test_somebody_new_is_entered_once_and_known_at_the_next_call(self):
        number, name = "+34911000333", "Rosa Vidal Nueva"
        screen, call, _ = self.talk(queued=self.to_queue(self.caller(number)))
        screen.fill("find-customer", name)
        screen.click("customer-create")
        screen.wait("customer-card", has=name)
        # Whose number it is waits for the verification; the one that calls is beside it.
        screen.wait("customer-card", has="+34 ••• 333")
        call.hang_up()
        screen.wait("wrap-up-countdown")
        screen.choose("wrap-up-topic", "contract")
        screen.choose("wrap-up-outcome", "solved")
        screen.click("wrap-up-finish")
        screen.gone("wrap-up-finish")
        again, _ = self.to_queue(self.caller(number))
        screen.wait("offer-caller", has=name, deadline_s=20)
        again.hang_up()
