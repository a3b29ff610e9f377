"""Calls to the outside world: a caller is passed on to a number, by carriers that want a password, fail and are replaced."""

import unittest
from urllib.parse import quote

from harness.case import AGENT_HZ, CALLER_HZ
from harness.gateway import TlsGateway
from harness.outside import ACCOUNT, NUMBER, OUTSIDE_HZ, PASSWORD, WRITTEN, Outside
from harness.tls import Authority
from harness.waiting import until


class PassedOn(Outside):
    def test_the_caller_hears_music_then_the_number_and_the_agent_is_free(self):
        call, ringing, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        self.pass_on(page)
        outside = self.acme.wait_incoming(10)
        self.assertTrue(outside.invite.first.startswith(f"INVITE sip:{NUMBER}@127.0.0.1;user=phone "), outside.invite.first)
        self.assertIn("+34910000100", outside.invite.get("From"))
        self.assertIn("+34910000100", outside.invite.get("P-Asserted-Identity"))
        self.assertEqual(outside.invite.cseq, 2)
        self.assertEqual(self.acme.refused, [])
        call.wait_music(AGENT_HZ)
        self.assertEqual(page.desk()["agent"]["state"], "talking")
        self.assertEqual(page.desk()["contact"]["outside"], NUMBER)
        self.assertEqual(page.desk()["contact"]["state"], "held")

        outside.answer()
        ringing.wait_ended()
        self.finish(page)
        call.wait_tone(OUTSIDE_HZ)
        outside.wait_tone(CALLER_HZ)
        contact = self.server.api("sofia").get("/api/v1/floor")["contacts"][0]
        self.assertEqual((contact["state"], contact["outside"]), ("talking", NUMBER))
        metrics = self.server.metrics()
        self.assertEqual(metrics['escucha_trunk_calls{trunk="acme"}'], 2)

        call.hang_up()
        outside.wait_ended()
        self.assertEqual([m.cseq for m in outside.received("BYE")], [4])
        ended = self.watch().wait_type("contact_ended", contact_id=call.contact_id)
        self.assertEqual(ended["data"]["outcome"], "served")
        self.assertIsNotNone(ended["case_id"])
        self.assertEqual(self.journal(call.contact_id, "outside_ended")[0]["result"], "answered")
        recordings = until(
            lambda: (lambda rows: rows if len([r for r in rows if r["is_complete"]]) == 2 else None)(
                self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["recordings"]), 15, "both recordings")
        self.assertEqual(len(recordings), 2)

    def test_when_the_number_hangs_up_the_call_is_over(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        outside = self.acme.wait_incoming(10)
        outside.answer()
        call.wait_tone(OUTSIDE_HZ)
        outside.hang_up()
        call.wait_ended()
        ended = self.watch().wait_type("contact_ended", contact_id=call.contact_id)
        self.assertEqual(ended["data"]["ended_by"], "outside")
        self.finish(page)

    def test_early_sound_of_the_carrier_is_heard(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        outside = self.acme.wait_incoming(10, ring=False)
        outside.progress()
        call.wait_tone(OUTSIDE_HZ)
        outside.answer()
        outside.wait_tone(CALLER_HZ)
        call.hang_up()
        self.finish(page)

    def test_a_carrier_that_redirects_to_a_number_of_its_own_has_it_called(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        contacts = "<sip:+34600999888@127.0.0.1>;q=0.5, <sip:+34600999777@premium.example>;q=1, <sip:+882999@127.0.0.1>;q=0.7"
        self.acme.wait_incoming(10).reject("302 Moved Temporarily", [("Contact", contacts)])
        instead = self.acme.wait_incoming(10)
        self.assertTrue(instead.invite.first.startswith("INVITE sip:+34600999888@127.0.0.1;user=phone "), instead.invite.first)
        self.assertEqual(page.desk()["contact"]["outside"], "+34600999888")
        self.assertEqual([refused["reason"] for refused in self.journal(call.contact_id, "outside_refused")], ["outside_not_allowed"])
        instead.answer()
        call.wait_tone(OUTSIDE_HZ)
        self.assertEqual(self.journal(call.contact_id, "outside_redirected")[0]["status"], 302)
        call.hang_up()
        self.finish(page)

    def test_a_carrier_that_redirects_elsewhere_gives_the_caller_back(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        self.acme.wait_incoming(10).reject("302 Moved Temporarily", [("Contact", "<sip:+34600999777@premium.example>")])
        call.wait_tone(AGENT_HZ)
        self.assertEqual(self.journal(call.contact_id, "outside_redirected"), [])
        call.hang_up()
        self.finish(page)

    def test_a_number_that_does_not_answer_gives_the_caller_back(self):
        call, ringing, page, _ = self.connected()
        self.pass_on(page)
        outside = self.acme.wait_incoming(10)
        call.wait_music(AGENT_HZ)
        outside.wait_ended(10)
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.assertEqual(page.desk()["contact"]["state"], "talking")
        self.assertEqual(self.journal(call.contact_id, "outside_ended")[0]["result"], "no_answer")

        self.pass_on(page)
        self.acme.wait_incoming(10).reject("486 Busy Here")
        page.stream.wait_for(lambda f: f["type"] == "outside_ended" and f["data"]["result"] == "busy", 10, "the number to be busy")
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        self.finish(page)

    def test_when_the_agent_has_gone_the_caller_is_back_in_the_queue(self):
        call, ringing, page, _ = self.connected()
        arrived = self.watch().wait_type("contact_queued", contact_id=call.contact_id)["data"]["arrived"]
        self.pass_on(page)
        self.acme.wait_incoming(10)
        ringing.hang_up()
        self.finish(page)
        queued = self.watch().wait_for(
            lambda f: f["type"] == "contact_queued" and f["contact_id"] == call.contact_id and f["data"]["reason"] == "transfer", 15, "the queue again")
        self.assertEqual(queued["data"]["arrived"], arrived)
        call.wait_music(AGENT_HZ)
        call.hang_up()

    def test_the_agent_takes_the_caller_back(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        outside = self.acme.wait_incoming(10)
        page.act("resume")
        outside.wait_ended()
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        self.finish(page)

    def test_a_phone_that_refers_to_a_number_is_told_what_became_of_it(self):
        call, ringing, page, _ = self.connected()
        ringing.request("REFER", [("Contact", ringing.phone.contact), ("Refer-To", f"<sip:{NUMBER}@escucha>")])
        self.assertEqual(ringing.wait_final(method="REFER").status, 202)
        outside = self.acme.wait_incoming(10)
        self.assertNotIn("200", self.notified(ringing))
        outside.answer()
        ringing.wait_ended()
        self.assertEqual(self.notified(ringing)[-1], "200")
        call.wait_tone(OUTSIDE_HZ)
        call.hang_up()
        self.finish(page)

    @staticmethod
    def notified(ringing):
        return [m.body.split()[1] for m in ringing.received("NOTIFY")]


class Asked(Outside):
    """The agent asks the number before the caller is passed on to it."""

    ring_s = 20

    def ask(self):
        self.call, self.first, self.asking, self.own = self.connected()
        self.call.wait_tone(AGENT_HZ)
        self.asking.act("consultation", {"with_number": WRITTEN})
        return self.acme.wait_incoming(10)

    def assert_asking(self, asked):
        """The number talks with the agent, and the caller hears music."""
        asked.wait_tone(AGENT_HZ)
        self.call.wait_music(OUTSIDE_HZ)
        contact = self.asking.desk()["contact"]
        self.assertEqual((contact["state"], contact["outside"]), ("held", NUMBER))
        self.assertIsNone(contact["consultation"]["with_agent_id"])
        self.assertTrue(contact["consultation"]["is_answered"])
        self.assertTrue(contact["is_recording_paused"])

    def assert_passed_on(self, asked):
        self.first.wait_ended()
        self.call.wait_tone(OUTSIDE_HZ)
        asked.wait_tone(CALLER_HZ)
        self.assertEqual(self.journal(self.call.contact_id, "transfer_started")[0]["how"], "attended")
        self.finish(self.asking)
        self.call.hang_up()
        asked.wait_ended()
        journey = f"/api/v1/contacts/{self.call.contact_id}/journey"
        heard = until(
            lambda: (lambda found: found if all(one["is_complete"] for one in found) else None)(
                self.server.api("sofia").get(journey)["segments"]), 15, "the recordings")
        self.assertEqual([one["outside"] for one in heard][-1], NUMBER)
        self.assertIsNone(heard[-1]["agent"])
        self.assertEqual(heard[0]["agent"]["name"], "Ana Belmonte")
        self.assertIsNone(heard[0]["outside"])

    def test_the_page_asks_and_passes_the_caller_on(self):
        asked = self.ask()
        asked.answer()
        self.first.wait_tone(OUTSIDE_HZ)
        self.assert_asking(asked)
        self.asking.act("consultation/complete")
        self.assert_passed_on(asked)

    def test_the_agent_comes_back_to_the_caller(self):
        asked = self.ask()
        asked.answer()
        self.assert_asking(asked)
        self.asking.act("consultation/end")
        asked.wait_ended()
        self.call.wait_tone(AGENT_HZ)
        self.first.wait_tone(CALLER_HZ)
        self.assertEqual(self.journal(self.call.contact_id, "outside_ended")[0]["result"], "answered")
        self.assertEqual(self.journal(self.call.contact_id, "transfer_started"), [])
        self.call.hang_up()
        self.finish(self.asking)

    def test_the_agent_hears_what_the_carrier_says_before_the_answer(self):
        self.call, self.first, self.asking, self.own = self.connected()
        self.asking.act("consultation", {"with_number": WRITTEN})
        asked = self.acme.wait_incoming(10, ring=False)
        asked.progress()
        self.first.wait_tone(OUTSIDE_HZ)
        self.call.wait_music(OUTSIDE_HZ)
        asked.reject("486 Busy Here")
        self.call.wait_tone(AGENT_HZ)
        self.call.hang_up()
        self.finish(self.asking)

    def test_a_kill_of_control_in_the_middle_is_heard_by_nobody(self):
        asked = self.ask()
        asked.answer()
        self.assert_asking(asked)
        self.server.kill()
        self.server.start()
        self.asking = self.page("ana")
        self.assert_asking(asked)
        self.asking.act("consultation/complete")
        self.assert_passed_on(asked)

    def test_the_phone_holds_dials_the_number_and_joins_the_two(self):
        self.call, self.first, self.asking, self.own = self.connected()
        self.first.reinvite("sendonly")
        self.call.wait_music(AGENT_HZ)
        own = self.own.dial("600123456")
        asked = self.acme.wait_incoming(10)
        own.wait(lambda: own.rung_at, 10, "the ringing")
        asked.answer()
        own.wait_answered()
        own.wait_tone(OUTSIDE_HZ)
        self.assert_asking(asked)
        own.reinvite("sendonly")
        other = quote(own.replaced_by(), safe="")
        self.first.request("REFER", [("Contact", self.own.contact), ("Refer-To", f"<{own.target}?Replaces={other}>")])
        self.assertEqual(self.first.wait_final(method="REFER").status, 202)
        own.wait_ended()
        self.assert_passed_on(asked)

    def test_the_phone_dials_a_number_that_is_not_allowed(self):
        self.call, self.first, self.asking, self.own = self.connected()
        self.first.reinvite("sendonly")
        before = len(self.acme.seen)
        self.assertEqual(self.own.dial("699123456").wait_final().status, 403)
        self.assertEqual(len(self.acme.seen), before)
        self.first.reinvite("sendrecv")
        self.call.wait_tone(AGENT_HZ)
        self.call.hang_up()
        self.finish(self.asking)


class Carriers(Outside):
    def test_a_carrier_in_trouble_is_replaced_by_the_next(self):
        self.acme.refuses_with = "503 Service Unavailable"
        call, _, page, _ = self.connected()
        self.pass_on(page)
        outside = self.beta.wait_incoming(10)
        self.assertEqual(len(self.acme.seen), 1)
        outside.answer()
        call.wait_tone(OUTSIDE_HZ)
        call.hang_up()
        self.finish(page)
        metrics = self.server.metrics()
        self.assertEqual(metrics['escucha_trunk_calls_failed_total{trunk="acme",class="5xx"}'], 1)
        self.assertEqual(metrics['escucha_trunk_calls_answered_total{trunk="beta"}'], 1)

    def test_when_no_carrier_takes_the_call_the_caller_comes_back(self):
        self.acme.refuses_with = self.beta.refuses_with = "503 Service Unavailable"
        call, _, page, _ = self.connected()
        self.pass_on(page)
        ended = page.stream.wait_type("outside_ended", contact_id=call.contact_id)
        self.assertEqual(ended["data"]["result"], "failed")
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        self.finish(page)


class Forbidden(Outside):
    def test_a_number_that_is_not_allowed_is_refused_in_words_and_written_down(self):
        call, _, page, _ = self.connected()
        for number, words in (("699 00 00 00", "vetado"), ("+44 20 7946 0000", "permite"), ("112", "emergencias"), ("hola", "teléfono")):
            problem = page.act("transfer", {"to_number": number}, expect=403)
            self.assertEqual(problem["code"], "outside_refused")
            self.assertIn(words, problem["detail"])
        english = page.act("transfer", {"to_number": "112"}, expect=403, headers={"Accept-Language": "en"})
        self.assertIn("emergency", english["detail"])
        self.assertEqual(self.acme.seen, [])
        call.wait_tone(AGENT_HZ)
        reasons = [data["reason"] for data in self.journal(call.contact_id, "outside_refused")]
        self.assertEqual(reasons[:3], ["outside_denied", "outside_not_allowed", "outside_emergency"])
        self.assertEqual(self.server.metrics()['escucha_outside_refused_total{reason="outside_emergency"}'], 2)
        self.assertNotIn("699000000", str(self.journal(call.contact_id, "outside_refused")).replace(" ", ""))
        call.hang_up()
        self.finish(page)


class OneADay(Outside):
    rules = """allow = ["+346"]
calls_per_day = 1
"""

    def test_a_restart_gives_nobody_a_new_allowance(self):
        call, _, page, _ = self.connected()
        self.pass_on(page)
        self.acme.wait_incoming(10).reject("486 Busy Here")
        page.stream.wait_type("outside_ended", contact_id=call.contact_id)
        self.server.kill()
        self.server.start()
        page.stream.close()
        page.open()
        problem = page.act("transfer", {"to_number": WRITTEN}, expect=403)
        self.assertIn("Hoy", problem["detail"])
        call.hang_up()
        self.finish(page)


class OverTls(Outside):
    """Acme wants our certificate and has one of its domain; Beta's is of another name, and it is never called."""

    @classmethod
    def open_carriers(cls):
        cls.authority = Authority(cls.folder.name)
        ours = cls.authority.issue("ours")
        cls.files = {"ca": cls.authority.certificate, "certificate": ours[0], "key": ours[1]}
        good = cls.authority.issue("acme", names="URI:sip:127.0.0.1, IP:127.0.0.1")
        bad = cls.authority.issue("stranger", names="DNS:stranger.example")
        cls.acme = TlsGateway(cls.server.sip, ACCOUNT, PASSWORD, *good, client_ca=cls.authority.certificate)
        cls.beta = TlsGateway(cls.server.sip, ACCOUNT, PASSWORD, *bad)
        cls.addClassCleanup(cls.acme.close)
        cls.addClassCleanup(cls.beta.close)

    @classmethod
    def of_trunk(cls, name):
        lines = f'transport = "tls"\ntls_ca = "{cls.files["ca"]}"\n'
        if name == "acme":
            lines += f'tls_certificate = "{cls.files["certificate"]}"\ntls_key = "{cls.files["key"]}"\n'
        return lines

    def test_calls_go_by_one_verified_connection(self):
        for _ in range(2):
            call, _, page, _ = self.connected()
            self.pass_on(page)
            outside = self.acme.wait_incoming(10)
            self.assertIn("SIP/2.0/TLS", outside.invite.get("Via"))
            outside.answer()
            call.wait_sound()
            call.hang_up()
            outside.wait_ended()
            self.finish(page)
            page.act("sign-out")
        self.assertEqual(self.acme.listener.accepted, 1)

    def test_a_certificate_of_another_name_is_not_trusted(self):
        self.acme.refuses_with = "503 Service Unavailable"
        call, _, page, _ = self.connected()
        self.pass_on(page)
        ended = page.stream.wait_type("outside_ended", contact_id=call.contact_id)
        self.assertEqual(ended["data"]["result"], "failed")
        self.assertEqual(self.beta.seen, [])
        self.assertIn("sip_tls_not_opened", self.server.log_tail())
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        self.finish(page)


if __name__ == "__main__":
    unittest.main()
