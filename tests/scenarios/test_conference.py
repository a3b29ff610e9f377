"""A colleague who was asked comes in: three phones hear each other, and the conversation outlives who leaves."""

import os
import sqlite3
import time
import unittest

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, Case, ServerOfItsOwn
from harness.recording import Journeys
from harness.waiting import until

SECOND_HZ, THIRD_HZ = 880, 1100
ALL_HZ = (CALLER_HZ, AGENT_HZ, SECOND_HZ, THIRD_HZ)


def hears_only(samples, wanted):
    """Each of these tones, and none of the others."""
    shares = {hertz: rtp.share_of(samples, hertz) for hertz in ALL_HZ}
    return all((shares[hertz] > 0.6 / len(wanted)) if hertz in wanted else (shares[hertz] < 0.05) for hertz in ALL_HZ)


class Conference(Journeys, Case):
    def hears(self, call, *wanted, deadline_s=10):
        def heard():
            samples = call.stream.samples(time.monotonic() - 0.4)
            return len(samples) > 2400 and hears_only(samples, wanted)

        call.wait_audio(heard, deadline_s, f"only {wanted} Hz")

    def three(self):
        """The caller, Ana and Luis in a conference, made from Ana's page."""
        self.call, self.first, self.asking, _ = self.connected("ana")
        self.second, self.second_phone = self.ready_agent("luis", sound=rtp.tone(SECOND_HZ))
        self.asking.act("consultation", {"with_agent": self.second.agent_id})
        self.asked = self.second_phone.wait_incoming(20)
        self.asked.answer()
        self.first.wait_tone(SECOND_HZ)
        self.call.wait_music(AGENT_HZ)
        self.asking.act("conference")
        self.all_hear()

    def all_hear(self, deadline_s=10):
        self.hears(self.call, AGENT_HZ, SECOND_HZ, deadline_s=deadline_s)
        self.hears(self.first, CALLER_HZ, SECOND_HZ, deadline_s=deadline_s)
        self.hears(self.asked, CALLER_HZ, AGENT_HZ, deadline_s=deadline_s)

    def two_hear(self, a, a_hz, b, b_hz):
        self.hears(a, b_hz)
        self.hears(b, a_hz)


class Leaving(Conference):
    def test_a_colleague_leaves_and_the_recording_has_everybody(self):
        self.three()
        desk = self.asking.desk()["contact"]
        self.assertEqual([m["agent_id"] for m in desk["conference"]], [self.second.agent_id])
        self.assertEqual(self.second.desk()["contact"]["id"], self.call.contact_id)
        self.assertEqual(self.second.desk()["agent"]["reason"], "conference")
        start = time.monotonic()
        self.call.wait_audio(lambda: self.call.stream.packets(start) > 100, 10, "two seconds of conference")
        self.asked.hang_up()
        self.two_hear(self.call, CALLER_HZ, self.first, AGENT_HZ)
        self.asking.stream.wait_type("conference_ended", contact_id=self.call.contact_id)
        until(lambda: self.second.desk()["agent"]["state"] == "ready", 5, "the colleague to be ready")
        self.assertEqual(self.asking.desk()["contact"]["conference"], [])
        self.call.hang_up()
        self.first.wait_ended()
        self.finish(self.asking)
        self.assert_all_recorded()

    def assert_all_recorded(self):
        """Some quarter of a second has the caller alone on the left, and both agents on the right."""
        (segment,) = self.journey(self.call.contact_id, 1)["segments"]
        self.assertEqual([(other["agent"]["name"], other["as"]) for other in segment["others"]], [("Luis Carrasco", "colleague")])
        rate, left, right = self.sound(self.call.contact_id)
        piece = rate // 4
        both = [at for at in range(0, len(right) - piece, piece) if hears_only(right[at : at + piece], (AGENT_HZ, SECOND_HZ))]
        self.assertGreater(len(both), 4, "both agents are on the right for a second and more")
        for at in both:
            self.assertGreater(rtp.share_of(left[at : at + piece], CALLER_HZ), 0.6)

    def test_the_agent_leaves_and_the_caller_goes_on_with_the_colleague(self):
        self.three()
        self.asking.act("hang-up")
        self.first.wait_ended()
        self.two_hear(self.call, CALLER_HZ, self.asked, SECOND_HZ)
        self.second.stream.wait_type("contact_connected", contact_id=self.call.contact_id)
        self.assertEqual(self.asking.desk()["agent"]["state"], "wrap_up")
        self.assertEqual(self.second.desk()["agent"]["state"], "talking")
        self.call.hang_up()
        self.asked.wait_ended()
        self.finish(self.second)
        names = [s["agent"]["name"] for s in self.journey(self.call.contact_id, 2)["segments"]]
        self.assertNotEqual(names[0], names[1])

    def test_the_agent_takes_the_colleague_out_and_adds_another(self):
        self.three()
        third, third_phone = self.ready_agent("marta", sound=rtp.tone(THIRD_HZ))
        self.asking.act("conference/add", {"with_agent": third.agent_id})
        added = third_phone.wait_incoming(20)
        self.all_hear()
        added.answer()
        self.hears(self.call, AGENT_HZ, SECOND_HZ, THIRD_HZ)
        self.hears(added, CALLER_HZ, AGENT_HZ, SECOND_HZ)
        self.asking.act("conference/remove", {"with_agent": self.second.agent_id})
        self.asked.wait_ended()
        self.hears(self.call, AGENT_HZ, THIRD_HZ)
        self.hears(added, CALLER_HZ, AGENT_HZ)
        self.call.hang_up()
        added.wait_ended()
        self.first.wait_ended()
        self.finish(self.asking)

    def test_the_phone_that_held_and_dialled_goes_on_by_its_second_call(self):
        self.call, self.first, self.asking, own = self.connected("ana")
        self.second, self.second_phone = self.ready_agent("luis", sound=rtp.tone(SECOND_HZ))
        self.first.reinvite("sendonly")
        self.call.wait_music(AGENT_HZ)
        held, self.first = self.first, own.dial("luis")
        self.asked = self.second_phone.wait_incoming(20)
        self.asked.answer()
        self.first.wait_answered()
        self.first.wait_tone(SECOND_HZ)
        self.asking.act("conference")
        held.wait_ended()
        self.all_hear()
        self.first.hang_up()
        self.two_hear(self.call, CALLER_HZ, self.asked, SECOND_HZ)

    def test_who_holds_is_out_and_comes_back(self):
        self.three()
        self.asked.reinvite("sendonly")
        self.two_hear(self.call, CALLER_HZ, self.first, AGENT_HZ)
        self.asked.reinvite("sendrecv")
        self.all_hear()


class Killed(Conference, ServerOfItsOwn):
    def test_killed_media_and_the_conference_is_made_again(self):
        self.three()
        self.server.kill_media()
        for call in (self.call, self.first, self.asked):
            call.wait(lambda call=call: call.received("INVITE")[1 if call is not self.call else 0 :], 15, "a re-INVITE")
        self.all_hear(20)
        self.call.hang_up()
        self.asked.wait_ended()
        self.first.wait_ended()

    def test_a_killed_server_keeps_the_conference_and_takes_it_back(self):
        self.three()
        self.server.kill()
        self.all_hear()
        self.server.start()
        self.assertIsNone(self.call.ended_by)
        page = self.page("ana")
        self.assertEqual([m["agent_id"] for m in page.desk()["contact"]["conference"]], [self.second.agent_id])
        self.all_hear()
        self.asked.hang_up()
        self.two_hear(self.call, CALLER_HZ, self.first, AGENT_HZ)
        self.call.hang_up()
        self.first.wait_ended()


class Supervised(Conference, ServerOfItsOwn):
    def test_a_supervisor_listens_whispers_and_joins(self):
        with sqlite3.connect(os.path.join(self.server.data, "escucha.db")) as store:
            store.execute("UPDATE app_user SET role = 'supervisor' WHERE login = 'marta'")
        self.call, self.first, self.asking, _ = self.connected("ana")
        phone = self.phone("marta", sound=rtp.tone(THIRD_HZ))
        boss = self.page("marta")
        supervise = {"contact_id": self.call.contact_id, "mode": "listen"}
        refused = self.asking.post(f"/api/v1/agents/{self.asking.agent_id}/supervision", supervise, expect=403)
        self.assertEqual(refused["code"], "forbidden")
        boss.act("supervision", supervise)
        leg = phone.wait_incoming(20)
        leg.answer()
        self.hears(leg, CALLER_HZ, AGENT_HZ)
        self.two_hear(self.call, CALLER_HZ, self.first, AGENT_HZ)
        self.asking.stream.wait_type("supervision_started", contact_id=self.call.contact_id)
        seen = self.asking.desk()["contact"]["supervised_by"]
        self.assertEqual([(s["agent_id"], s["mode"], s["is_joined"]) for s in seen], [(boss.agent_id, "listen", True)])

        boss.act("supervision", {**supervise, "mode": "whisper"})
        self.hears(self.first, CALLER_HZ, THIRD_HZ)
        self.hears(self.call, AGENT_HZ)
        boss.act("supervision", {**supervise, "mode": "join"})
        self.hears(self.call, AGENT_HZ, THIRD_HZ)
        boss.act("supervision/end")
        leg.wait_ended()
        self.two_hear(self.call, CALLER_HZ, self.first, AGENT_HZ)
        self.assertEqual(self.asking.desk()["contact"]["supervised_by"], [])
        self.call.hang_up()
        self.first.wait_ended()
        self.finish(self.asking)
        (segment,) = self.journey(self.call.contact_id, 1)["segments"]
        self.assertEqual([other["as"] for other in segment["others"]], ["listen", "whisper", "join"])


del Conference  # A base: it has no test of its own.

if __name__ == "__main__":
    unittest.main()
