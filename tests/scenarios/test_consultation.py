"""A colleague is asked before the caller is passed on: by the phone's own keys, and from the page."""

from urllib.parse import quote

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, Case
from harness.waiting import until

SECOND_HZ = 880


class Consulting(Case):
    def both(self):
        """A caller who talks with Ana, and Luis who is ready."""
        self.call, self.first, self.asking, self.own = self.connected("ana")
        self.case = self.asking.desk()["case"]["case"]["reference"]
        self.second, self.second_phone = self.ready_agent("luis", sound=rtp.tone(SECOND_HZ))

    def dial(self):
        """Hold, and dial the colleague: (Ana's second call, Luis' call), who talk."""
        self.first.reinvite("sendonly")
        self.call.wait_music(AGENT_HZ)
        own = self.own.dial("luis")
        asked = self.second_phone.wait_incoming(20)
        own.wait(lambda: own.rung_at, 10, "the ringing")
        self.assertEqual(self.second.desk()["case"]["case"]["reference"], self.case)
        asked.answer()
        own.wait_answered()
        own.wait_tone(SECOND_HZ)
        asked.wait_tone(AGENT_HZ)
        self.call.wait_music(AGENT_HZ)
        return own, asked

    def refer(self, inside, named):
        """The phone joins its two calls."""
        other = quote(named.replaced_by(), safe="")
        inside.request("REFER", [("Contact", self.own.contact), ("Refer-To", f"<{named.target}?Replaces={other}>")])
        return inside.wait_final(method="REFER")

    def assert_passed_on(self, asked):
        self.second.stream.wait_type("contact_connected", contact_id=self.call.contact_id)
        self.first.wait_ended()
        self.call.wait_tone(SECOND_HZ)
        asked.wait_tone(CALLER_HZ)
        self.asking.stream.wait_type("transfer_started", contact_id=self.call.contact_id)
        self.assertEqual(self.asking.desk()["agent"]["state"], "wrap_up")
        self.assertEqual(self.second.desk()["agent"]["state"], "talking")
        self.assertEqual(self.second.desk()["case"]["case"]["reference"], self.case)
        self.assertIsNone(self.call.ended_by)
        self.call.hang_up()
        self.finish(self.second)
        events = self.server.api("sofia").get(f"/api/v1/contacts/{self.call.contact_id}")["events"]
        self.assertEqual([e["type"] for e in events].count("transfer_started"), 1)
        self.assertEqual([e["type"] for e in events].count("recording_started"), 2)

    def test_the_phone_holds_dials_and_joins_the_two(self):
        self.both()
        own, asked = self.dial()
        own.reinvite("sendonly")
        self.assertEqual(self.refer(self.first, own).status, 202)
        self.first.wait(lambda: [n for n in self.first.received("NOTIFY") if "200" in n.body], 10, "the transfer to be told")
        own.wait_ended()
        self.assert_passed_on(asked)

    def test_the_phone_joins_them_the_other_way_round(self):
        self.both()
        own, asked = self.dial()
        self.assertEqual(self.refer(own, self.first).status, 202)
        own.wait_ended()
        self.assert_passed_on(asked)

    def test_the_phone_hangs_up_on_the_colleague_and_has_the_caller_again(self):
        self.both()
        own, asked = self.dial()
        own.hang_up()
        asked.wait_ended()
        self.call.wait_music(AGENT_HZ)
        self.first.reinvite("sendrecv")
        self.call.wait_tone(AGENT_HZ)
        until(lambda: self.second.desk()["agent"]["state"] == "ready", 5, "the colleague to be ready")

    def test_a_colleague_who_declines_leaves_the_caller_with_the_agent(self):
        self.both()
        self.first.reinvite("sendonly")
        own = self.own.dial("luis")
        self.second_phone.wait_incoming(20).reject("603 Decline")
        self.assertEqual(own.wait_final().status, 603)
        self.first.reinvite("sendrecv")
        self.call.wait_tone(AGENT_HZ)

    def test_a_caller_who_hangs_up_meanwhile_ends_it_for_both(self):
        self.both()
        own, asked = self.dial()
        self.call.hang_up()
        own.wait_ended()
        asked.wait_ended()
        self.first.wait_ended()
        until(lambda: self.second.desk()["agent"]["state"] == "ready", 5, "the colleague to be ready")
        self.finish(self.asking)

    def test_the_page_asks_and_passes_the_caller_on(self):
        self.both()
        self.asking.act("consultation", {"with_agent": self.second.agent_id})
        asked = self.second_phone.wait_incoming(20)
        self.assertEqual(self.second.desk()["contact"]["consultation"]["by_agent_id"], self.asking.agent_id)
        self.assertEqual(self.second.desk()["case"]["case"]["reference"], self.case)
        self.call.wait_music(AGENT_HZ)
        asked.answer()
        self.first.wait_tone(SECOND_HZ)
        asked.wait_tone(AGENT_HZ)
        self.asking.act("consultation/complete")
        self.assert_passed_on(asked)

    def test_the_page_asks_and_takes_the_caller_back(self):
        self.both()
        self.asking.act("consultation", {"with_agent": self.second.agent_id})
        asked = self.second_phone.wait_incoming(20)
        asked.answer()
        self.first.wait_tone(SECOND_HZ)
        self.asking.act("consultation/end")
        asked.wait_ended()
        self.call.wait_tone(AGENT_HZ)
        self.assertIsNone(self.asking.desk()["contact"]["consultation"])

    def test_another_phone_of_the_agents_takes_the_call_over(self):
        self.both()
        other = self.phone("ana", sound=rtp.tone(SECOND_HZ))
        named = other.dial("ana", headers=[("Replaces", "nobody@nowhere;to-tag=1;from-tag=2")])
        self.assertEqual(named.wait_final().status, 481)
        taken = other.dial("ana", headers=[("Require", "replaces"), ("Replaces", self.first.replaced_by())])
        taken.wait_answered()
        self.first.wait_ended()
        self.call.wait_tone(SECOND_HZ)
        taken.wait_tone(CALLER_HZ)
        self.assertEqual(self.asking.desk()["agent"]["state"], "talking")
        taken.hang_up()
        self.call.wait_ended()
        self.finish(self.asking)

    def test_a_new_control_process_goes_on_with_the_consultation(self):
        self.both()
        own, asked = self.dial()
        self.server.kill()
        self.server.start()
        self.call.wait_music(AGENT_HZ)
        own.wait_tone(SECOND_HZ)
        self.assertEqual(self.refer(self.first, own).status, 202)
        self.call.wait_tone(SECOND_HZ)
        asked.wait_tone(CALLER_HZ)
        self.first.wait_ended()
        self.call.hang_up()
        asked.wait_ended()
