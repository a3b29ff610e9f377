"""Pulling the plug: a killed program loses no caller, no place, no record."""

import unittest

from harness.case import AGENT_HZ, CALLER_HZ, ServerOfItsOwn
from harness.waiting import until


class Recovery(ServerOfItsOwn):
    def test_killed_media_is_replaced_and_the_call_goes_on(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.server.kill_media()
        call.wait(lambda: call.received("INVITE"), 15, "a re-INVITE to the caller")
        ringing.wait(lambda: ringing.received("INVITE"), 15, "a re-INVITE to the agent")
        call.wait_tone(AGENT_HZ, 15)
        ringing.wait_tone(CALLER_HZ, 15)
        call.hang_up()
        ringing.wait_ended()
        self.finish(page)

    def test_killed_media_in_the_menu_leaves_the_caller_a_voice(self):
        call = self.caller().call("100")
        call.wait_answered()
        call.wait_sound(15)
        self.server.kill_media()
        call.wait(lambda: call.received("INVITE"), 15, "a re-INVITE")
        call.wait_sound(20)
        call.hang_up()

    def test_a_killed_server_keeps_the_bridge_and_takes_the_call_back(self):
        call, ringing, page, phone = self.connected()
        call.wait_tone(AGENT_HZ)
        self.server.kill()
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.server.start()
        self.assertIsNone(call.ended_by)
        page = self.page("ana")
        self.assertEqual(page.desk()["contact"]["id"], call.contact_id)
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        ringing.wait_ended(15)
        self.assertEqual(page.get(f"/api/v1/contacts/{call.contact_id}")["contact"]["id"], call.contact_id)

    def test_a_killed_server_keeps_the_place_in_the_queue(self):
        first, first_queued = self.to_queue(self.caller("+349111110001"))
        second, _ = self.to_queue(self.caller("+349111110002"))
        self.server.kill()
        self.server.start()
        del self._watcher
        self.assertIsNone(first.ended_by)
        page, phone = self.ready_agent("ana")
        ringing = phone.wait_incoming(20)
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=first.contact_id)
        first.hang_up()
        self.finish(page)
        page.act("status", {"state": "ready"})
        phone.wait_incoming(20).answer()
        page.stream.wait_type("contact_connected", contact_id=second.contact_id)

    def test_a_caller_who_hung_up_while_the_server_was_down_is_found_gone(self):
        call, _ = self.to_queue()
        self.server.kill()
        call.phone.close()
        self.server.start()
        admin = self.server.api("admin")
        until(lambda: not sum(admin.get("/api/v1/status")["contacts"].values()), 90, "the lost caller to be ended")
        contact = admin.get(f"/api/v1/contacts/{call.contact_id}")["contact"]
        self.assertIsNotNone(contact["outcome"])

    def test_what_was_acknowledged_before_the_kill_is_there_after_it(self):
        call, _, page, _ = self.connected()
        case_id = page.desk()["case"]["case"]["id"]
        note = "0190b6f0-5f6e-7000-8000-00000000b001"
        page.request("PUT", f"/api/v1/notes/{note}", {"case_id": case_id, "contact_id": call.contact_id, "version": 1, "text": "antes del corte"})
        self.server.kill()
        self.server.start()
        case = self.server.api("ana").get(f"/api/v1/cases/{case_id}")
        self.assertIn("antes del corte", [n["text"] for n in case["notes"]])


if __name__ == "__main__":
    unittest.main()
