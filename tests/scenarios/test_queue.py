"""From the queue to the closed case, with the phones of caller and agent."""

import time

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, TONE_AGENT, TONE_CALLER, Case
from harness.recording import recording_of
from harness.waiting import until


class Talking(Case):
    def test_the_card_is_on_the_page_while_the_phone_rings(self):
        """By how much it is there before the first ring is a figure: `offer` in bench/run."""
        page, phone = self.ready_agent("ana")
        self.to_queue()
        ringing = phone.wait_incoming(20)
        page.stream.wait_type("offer_made")
        self.assertIsNone(ringing.answered_at)
        self.assertIsNotNone(page.desk()["contact"])

    def test_both_hear_each_other(self):
        call, ringing, _, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)

    def test_the_call_is_recorded_with_the_caller_left_and_the_agent_right(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        start = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(start) > 100, 5, "two seconds of talk")
        call.hang_up()
        row, rate, left, right = recording_of(self.server.api("sofia"), call.contact_id)
        self.assertEqual(rate, 8000)
        self.assertGreater(row["duration_ms"], 1500)
        talk = slice(-rate * 3 // 2, -rate // 2)
        self.assertGreater(rtp.share_of(left[talk], CALLER_HZ), 0.6)
        self.assertGreater(rtp.share_of(right[talk], AGENT_HZ), 0.6)
        self.assertLess(rtp.share_of(left[talk], AGENT_HZ), 0.1)
        self.finish(page)

    def test_how_each_leg_sounded_is_on_the_contact(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        call.hang_up()
        for leg in ("caller", "agent"):
            page.stream.wait_for(lambda f, leg=leg: f["type"] == "sound_measured" and f["data"]["leg"] == leg, 10, f"the {leg}'s sound")
        events = self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["events"]
        measured = [event["data"] for event in events if event["type"] == "sound_measured"]
        self.assertEqual(sorted(data["leg"] for data in measured), ["agent", "caller"])
        for data in measured:
            self.assertGreater(data["received"], 10)
            self.assertGreater(data["mos"], 2)
        self.finish(page)

    def test_a_pause_of_the_recording_leaves_silence_and_a_marker(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        page.act("recording/pause", {"reason": "card_data"})
        page.stream.wait_type("recording_paused", contact_id=call.contact_id)
        start = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(start) > 60, 5, "a second of pause")
        page.act("recording/resume")
        page.stream.wait_type("recording_resumed", contact_id=call.contact_id)
        call.hang_up()
        recording_of(self.server.api("sofia"), call.contact_id)
        self.finish(page)

    def test_when_the_caller_hangs_up_the_agent_wraps_up(self):
        call, ringing, page, _ = self.connected()
        call.hang_up()
        ringing.wait_ended()
        gone = page.stream.wait_type("contact_disconnected", contact_id=call.contact_id)
        self.assertEqual(gone["data"]["by"], "caller")
        self.finish(page)

    def test_when_the_agent_phone_hangs_up_the_call_ends(self):
        call, ringing, page, _ = self.connected()
        ringing.hang_up()
        call.wait_ended()
        gone = page.stream.wait_type("contact_disconnected", contact_id=call.contact_id)
        self.assertEqual(gone["data"]["by"], "agent")
        self.finish(page)

    def test_when_the_page_hangs_up_both_phones_end(self):
        call, ringing, page, _ = self.connected()
        page.act("hang-up")
        call.wait_ended()
        ringing.wait_ended()
        self.finish(page)

    def test_the_contact_ends_with_its_case_and_its_outcome(self):
        call, _, page, _ = self.connected()
        call.hang_up()
        self.finish(page, outcome="solved")
        ended = self.watch().wait_type("contact_ended", contact_id=call.contact_id)
        self.assertEqual(ended["data"]["outcome"], "served")
        self.assertIsNotNone(ended["case_id"])
        case = self.server.api("sofia").get(f"/api/v1/cases/{ended['case_id']}")
        self.assertIn(call.contact_id, [contact["id"] for contact in case["contacts"]])

    def test_a_note_and_a_next_step_are_kept(self):
        call, _, page, _ = self.connected()
        desk = page.desk()
        note = "0190b6f0-5f6e-7000-8000-00000000a001"
        page.request("PUT", f"/api/v1/notes/{note}", {"case_id": desk["case"]["case"]["id"], "contact_id": call.contact_id, "version": 1, "text": "pregunta por la factura"})
        call.hang_up()
        owner = page.session["user"]["id"]
        self.finish(page, outcome="follow_up", next_step="llamar con la respuesta", owner=owner, due="2030-01-15")
        case = page.get(f"/api/v1/cases/{desk['case']['case']['id']}")
        self.assertEqual(case["case"]["next_step"], "llamar con la respuesta")
        self.assertEqual(case["case"]["due"], "2030-01-15")
        self.assertIn("pregunta por la factura", [n["text"] for n in case["notes"]])

    def test_a_case_closed_on_the_page_is_closed(self):
        call, _, page, _ = self.connected()
        case_id = page.desk()["case"]["case"]["id"]
        call.hang_up()
        self.finish(page, outcome="solved")
        page.get(f"/api/v1/cases/{case_id}")
        page.post(f"/api/v1/cases/{case_id}/close", {"outcome": "solved"}, headers={"If-Match": page.etag})
        self.assertEqual(page.get(f"/api/v1/cases/{case_id}")["case"]["status"], "closed")


class Holding(Case):
    def test_hold_from_the_page_gives_the_caller_music_and_resume_brings_the_agent_back(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        page.act("hold")
        page.stream.wait_type("hold_started", contact_id=call.contact_id)
        call.wait_music(AGENT_HZ)
        page.act("resume")
        page.stream.wait_type("hold_ended", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)

    def test_hold_from_the_phone_is_the_same(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        self.assertEqual(ringing.reinvite("sendonly").status, 200)
        started = page.stream.wait_type("hold_started", contact_id=call.contact_id)
        self.assertEqual(started["data"]["by"], "phone")
        self.assertEqual(ringing.reinvite("sendrecv").status, 200)
        page.stream.wait_type("hold_ended", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)


class Offering(Case):
    def test_a_missed_offer_keeps_the_callers_place_and_makes_the_agent_not_ready(self):
        page, phone = self.ready_agent("ana")
        call, queued = self.to_queue()
        phone.wait_incoming(20)
        returned = page.stream.wait_type("offer_returned", deadline_s=60)
        self.assertEqual(returned["data"]["reason"], "no_answer")
        agent = page.desk()["agent"]
        self.assertEqual(agent["state"], "not_ready")
        self.assertTrue(agent["reason"])
        floor = self.server.api("sofia").get("/api/v1/floor")
        (waiting,) = [c for c in floor["contacts"] if c["id"] == call.contact_id]
        self.assertEqual((waiting["state"], waiting["position"]), ("waiting", 1))
        self.assertEqual(waiting["arrived_at"][:19], queued["data"]["arrived"][:19])
        second, second_phone = self.ready_agent("luis")
        ringing = second_phone.wait_incoming(10)
        ringing.answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)

    def test_a_declined_offer_goes_back_at_once(self):
        page, phone = self.ready_agent("ana")
        self.to_queue()
        ringing = phone.wait_incoming(20)
        page.act("decline")
        ringing.wait_ended(5)
        self.assertEqual(page.stream.wait_type("offer_returned")["data"]["reason"], "declined")

    def test_every_phone_of_an_agent_rings_and_the_first_to_answer_has_the_call(self):
        page, desk = self.ready_agent("ana", sound=TONE_AGENT)
        home = self.phone("ana", sound=TONE_AGENT)
        call, _ = self.to_queue()
        at_desk, at_home = desk.wait_incoming(20), home.wait_incoming(20)
        at_home.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        at_desk.wait(lambda: at_desk.received("CANCEL"), 5, "the other phone to be told")
        self.assertIn("cause=200", at_desk.received("CANCEL")[0].get("Reason"))
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        at_home.wait_ended()
        self.finish(page)

    def test_a_phone_that_is_busy_or_refuses_returns_the_offer(self):
        for login, status, reasons in (("ana", "486 Busy Here", ("busy",)), ("luis", "603 Decline", ("declined",)), ("ana", "480 Temporarily Unavailable", ("unreachable", "no_answer"))):
            with self.subTest(status):
                page, phone = self.ready_agent(login)
                call, _ = self.to_queue()
                ringing = phone.wait_incoming(20)
                since = len(page.stream.frames)
                ringing.reject(status)
                returned = page.stream.wait_for(lambda f: f["type"] == "offer_returned" and f in page.stream.frames[since:], 10, "the offer back")
                self.assertIn(returned["data"]["reason"], reasons)
                call.hang_up()
                page.act("sign-out")

    def test_a_phone_that_forwards_is_not_followed(self):
        page, phone = self.ready_agent("ana")
        self.to_queue()
        ringing = phone.wait_incoming(20)
        ringing.reject("302 Moved Temporarily", [("Contact", "<sip:elsewhere@127.0.0.1:9>")])
        page.stream.wait_type("offer_returned")

    def test_a_caller_who_leaves_while_it_rings_costs_the_agent_nothing(self):
        page, phone = self.ready_agent("ana")
        call, _ = self.to_queue()
        ringing = phone.wait_incoming(20)
        call.hang_up()
        ringing.wait_ended(5)
        self.assertEqual(page.stream.wait_type("offer_returned")["data"]["reason"], "caller_left")
        until(lambda: page.desk()["agent"]["state"] == "ready", 5, "the agent to be ready again")
        self.assertEqual(self.watch().wait_type("contact_ended", contact_id=call.contact_id)["data"]["outcome"], "abandoned_queue")

    def test_callers_are_served_in_the_order_in_which_they_came(self):
        first, _ = self.to_queue(self.caller("+349111110001"))
        second, _ = self.to_queue(self.caller("+349111110002"))
        page, phone = self.ready_agent("ana")
        phone.wait_incoming(20).answer()
        page.stream.wait_type("contact_connected", contact_id=first.contact_id)
        first.hang_up()
        self.finish(page)
        page.act("status", {"state": "ready"})
        phone.wait_incoming(20).answer()
        page.stream.wait_type("contact_connected", contact_id=second.contact_id)

    def test_an_agent_is_offered_one_contact_at_a_time(self):
        page, phone = self.ready_agent("ana")
        self.to_queue(self.caller("+349111110003"))
        self.to_queue(self.caller("+349111110004"))
        phone.wait_incoming(20).answer()
        page.stream.wait_type("contact_connected")
        self.assertEqual(len(phone.calls), 1)

    def test_a_status_chosen_during_the_call_holds_after_it(self):
        call, _, page, _ = self.connected()
        page.act("status", {"state": "not_ready", "reason": "lunch"})
        self.assertEqual(page.desk()["agent"]["next_state"]["reason"], "lunch")
        call.hang_up()
        self.finish(page)
        until(lambda: page.desk()["agent"]["reason"] == "lunch", 5, "the chosen status")


class Transferring(Case):
    def test_a_blind_transfer_to_an_agent_carries_caller_and_case(self):
        call, ringing, page, _ = self.connected("ana")
        case = page.desk()["case"]["case"]["reference"]
        second, second_phone = self.ready_agent("luis", sound=rtp.tone(880))
        page.act("transfer", {"to_agent": second.agent_id})
        taken = second_phone.wait_incoming(20)
        taken.answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        ringing.wait_ended()
        call.wait_tone(880)
        taken.wait_tone(CALLER_HZ)
        self.assertEqual(second.desk()["case"]["case"]["reference"], case)

    def test_the_phones_transfer_button_is_the_same(self):
        call, ringing, page, _ = self.connected("ana")
        case = page.desk()["case"]["case"]["reference"]
        second, second_phone = self.ready_agent("luis", sound=rtp.tone(880))
        ringing.request("REFER", [("Contact", ringing.phone.contact), ("Refer-To", f"<sip:luis@{self.server.host}>")])
        self.assertEqual(ringing.wait_final(method="REFER").status, 202)
        told = ringing.wait(lambda: [n for n in ringing.received("NOTIFY") if "200" in n.body], 10, "the transfer to be told")
        self.assertIn("terminated", told[-1].get("Subscription-State"))
        second_phone.wait_incoming(20).answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        ringing.wait_ended()
        call.wait_tone(880)
        self.assertEqual(second.desk()["case"]["case"]["reference"], case)
        page.stream.wait_type("transfer_started", contact_id=call.contact_id)

    def test_a_blind_transfer_to_a_queue_keeps_the_arrival(self):
        call, ringing, page, _ = self.connected("ana")
        queue = page.desk()["queues"][0]["id"]
        page.act("transfer", {"to_queue": queue})
        ringing.wait_ended()
        again = self.watch().wait_for(lambda f: f["type"] == "contact_queued" and f["data"]["reason"] == "transfer", 10, "the queue")
        self.assertEqual(again["contact_id"], call.contact_id)
        second, second_phone = self.ready_agent("luis", sound=TONE_AGENT)
        second_phone.wait_incoming(20).answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        self.assertIsNone(call.ended_by)
        self.assertEqual(TONE_CALLER, call.phone.sound)
