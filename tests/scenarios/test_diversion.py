"""Calls that were meant for another number first: told by a carrier, shown to the agent, told to the next carrier."""

from functools import partial

from harness.case import AGENT_HZ, TONE_CALLER
from harness.outside import NUMBER, OUTSIDE_HZ, Outside
from harness.waiting import until

FROM = "+34911000200"
TOLD = {"from": FROM, "reason": "no_answer", "count": 2}


class Diverted(Outside):
    @classmethod
    def of_trunk(cls, name):
        return 'diversion = "diversion"\n' if name == "acme" else 'diversion = "history_info"\n'

    def diverted(self, **header):
        caller = self.caller(sound=TONE_CALLER)
        caller.call = partial(caller.call, headers=list(header.items()))
        return self.connected(caller=caller)

    def test_the_agent_and_the_next_carrier_are_told(self):
        call, _, page, _ = self.diverted(Diversion=f'<sip:{FROM}@carrier.example>;reason="no-answer";counter=2')
        self.assertEqual(page.desk()["contact"]["diversion"], TOLD)
        arrived = next(f for f in self.watch().frames if f["type"] == "contact_arrived" and f["contact_id"] == call.contact_id)
        self.assertEqual(arrived["data"]["diversion_reason"], "no_answer")
        self.assertNotIn("diverted_from", arrived["data"])
        self.acme.refuses_with = "503 Service Unavailable"
        self.pass_on(page)
        outside = self.beta.wait_incoming(15)
        self.assertEqual(outside.invite.all("Diversion"), [])
        self.assertEqual(
            outside.invite.get("History-Info"),
            f"<sip:{FROM}@127.0.0.1>;index=1, <sip:+34910000100@127.0.0.1;cause=408>;index=1.1;mp=1, "
            f"<sip:{NUMBER}@127.0.0.1;cause=480>;index=1.1.1;mp=1.1",
        )
        outside.answer()
        call.wait_tone(OUTSIDE_HZ)
        call.hang_up()
        until(lambda: page.desk()["contact"]["state"] == "ended", 10, "the end")
        self.assertEqual(page.desk()["contact"]["diversion"], TOLD)
        self.finish(page)

    def test_a_carrier_that_wants_rfc_5806_has_it(self):
        call, _, page, _ = self.diverted()
        self.assertIsNone(page.desk()["contact"]["diversion"])
        self.pass_on(page)
        outside = self.acme.wait_incoming(10)
        self.assertEqual(
            outside.invite.all("Diversion"), ["<sip:+34910000100@127.0.0.1>;reason=deflection;counter=1;privacy=off"]
        )
        outside.reject("486 Busy Here")
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        self.finish(page)
