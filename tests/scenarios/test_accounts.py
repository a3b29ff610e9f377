"""People who leave in the middle of a call: nobody who called is lost."""

import time

from harness.case import AGENT_HZ, CALLER_HZ, TONE_AGENT, ServerOfItsOwn
from harness.waiting import until


class Deactivation(ServerOfItsOwn):
    def agent(self, login):
        """As `ready_agent`, for one whose session will be ended."""
        phone = self.phone(login, sound=TONE_AGENT)
        page = self.server.agent_page(login)
        page.open()
        self.addCleanup(page.close)
        page.be_ready()
        return page, phone

    def deactivate(self, login):
        admin = self.server.api("admin")
        user = next(each for each in admin.get("/api/v1/users")["items"] if each["login"] == login)
        return admin.post(f"/api/v1/users/{user['id']}/deactivate")

    def test_a_call_that_rings_goes_to_the_next_agent(self):
        page, phone = self.agent("ana")
        call, _ = self.to_queue()
        phone.wait_incoming(20)
        self.assertFalse(self.deactivate("ana")["is_active"])
        page.get("/api/v1/me", expect=401)
        _, other = self.agent("luis")
        other.wait_incoming(20).answer()
        self.watch().wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)

    def test_a_conversation_goes_on_to_its_end_and_the_shift_is_over_after_it(self):
        _, phone = self.agent("ana")
        call, _ = self.to_queue()
        ringing = phone.wait_incoming(20)
        ringing.answer()
        self.watch().wait_type("contact_connected", contact_id=call.contact_id)
        agent = self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["contact"]["agent"]["id"]
        self.deactivate("ana")
        since = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(since) > 50, 5, "a second of talk after it")
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        call.hang_up()
        boss = self.server.api("sofia")
        boss.post(f"/api/v1/agents/{agent}/wrap-up/finish", {"topic": "other", "outcome": "solved"})
        until(
            lambda: all(each["id"] != agent or each["state"] == "signed_out" for each in boss.get("/api/v1/agents")["items"]),
            10,
            "the agent's shift to be over",
        )
