"""Signalling alone: registering, probing, calling, refusing, over UDP and TCP."""

import os
import subprocess
import tempfile
import unittest

from harness import company
from harness.case import Case
from harness.demo import phone_password
from harness.server import Server, programs
from harness.sip_message import Message, sdp
from harness.sipp import Sipp
from harness.waiting import Late, until

CALLER = {"caller": "+349111112233"}


class Registering(Case):
    def test_a_phone_with_the_right_password_is_registered(self):
        Sipp(self.server.sip, "register.xml", calls=3, keys={"user": "ana"}, auth=("ana", phone_password("ana"))).must(3)

    def test_a_wrong_password_is_refused(self):
        Sipp(self.server.sip, "register_refused.xml", keys={"user": "ana"}, auth=("ana", "wrong")).must(1)

    def test_an_unknown_user_is_refused_in_the_same_way(self):
        Sipp(self.server.sip, "register_refused.xml", keys={"user": "nobody"}, auth=("nobody", "x")).must(1)

    def test_the_page_sees_the_phone_come_and_go(self):
        page = self.page("marta")
        phone = self._closed(self.server.phone("marta"))
        self.assertEqual(phone.register().status, 200)
        page.stream.wait_type("phone_registered", agent_id=page.agent_id)
        self.assertTrue(page.desk()["agent"]["is_phone_registered"])
        self.assertEqual(phone.register(expires_s=0).status, 200)
        page.stream.wait_type("phone_unregistered", agent_id=page.agent_id)
        self.assertFalse(page.desk()["agent"]["is_phone_registered"])

    def test_a_phone_may_register_over_tcp(self):
        phone = self._closed(self.server.phone("luis", transport="tcp"))
        self.assertEqual(phone.register().status, 200)

    def test_a_registrar_grants_what_it_says(self):
        phone = self.phone("ana")
        answer = phone.register(expires_s=600)
        self.assertEqual(answer.status, 200)
        self.assertIn("expires=", answer.get("Contact") + answer.get("Expires"))


class Calling(Case):
    def test_a_probe_is_answered(self):
        Sipp(self.server.sip, "options.xml", calls=3).must(3)

    def test_a_probe_over_tcp_is_answered(self):
        Sipp(self.server.sip, "options.xml", calls=3, transport="t1").must(3)

    def test_a_call_over_udp_is_answered_and_ended(self):
        Sipp(self.server.sip, "call.xml", calls=5, keys=CALLER).must(5)

    def test_a_call_over_tcp_is_answered_and_ended(self):
        Sipp(self.server.sip, "call.xml", calls=3, keys=CALLER, transport="t1").must(3)

    def test_an_invite_without_an_offer_gets_ours(self):
        Sipp(self.server.sip, "offerless.xml", calls=2, keys=CALLER).must(2)

    def test_media_we_do_not_take_is_refused_with_port_0(self):
        Sipp(self.server.sip, "extra_media.xml", calls=2, keys=CALLER).must(2)

    def test_a_number_without_a_line_is_refused(self):
        Sipp(self.server.sip, "unknown_number.xml", calls=2, keys=CALLER, number="999").must(2)

    def test_twenty_calls_a_second_are_answered_without_retransmission(self):
        run = Sipp(self.server.sip, "call.xml", calls=60, rate=20, limit=60, keys=CALLER).must(60)
        self.assertLessEqual(run.retransmissions, 2)

    def test_an_offer_without_a_codec_we_know_is_refused_with_488(self):
        phone = self.caller()
        call = phone.call("100", body=sdp(phone.host, 4000, payloads=(18,)))
        self.assertEqual(call.wait_final().status, 488)

    def test_a_caller_who_gives_up_at_once_leaves_a_whole_record(self):
        phone = self.caller()
        call = phone.call("100")
        call.cancel()
        final = call.wait_final()
        self.assertIn(final.status, (200, 487))
        if final.status == 200:  # the answer crossed the CANCEL
            call.hang_up()
        until(lambda: not sum(self.server.api("admin").get("/api/v1/status")["contacts"].values()), 10, "the call to be over")


class InsideACall(Case):
    def answered(self, number="100", **options):
        call = self.caller(**options).call(number)
        call.wait_answered()
        return call

    def test_the_caller_hears_the_greeting(self):
        call = self.answered()
        call.wait_sound(10)
        call.hang_up()

    def test_the_greeting_is_neither_faint_nor_distorted(self):
        from harness import rtp

        call = self.answered()
        call.wait_sound(10)
        start = call.stream.heard[-1][0]
        call.wait_audio(lambda: call.stream.packets(start) > 150, 10, "three seconds of greeting")
        samples = call.stream.samples(start)
        loud = [s for i in range(0, len(samples) - 160, 160) for s in samples[i:i + 160] if rtp.level_dbfs(samples[i:i + 160]) > -40]
        self.assertTrue(-28 < rtp.level_dbfs(loud) < -12, rtp.level_dbfs(loud))
        self.assertLess(sum(abs(s) > 31000 for s in loud) / len(loud), 0.001)
        call.hang_up()

    def test_sound_comes_every_20_ms(self):
        call = self.answered()
        call.wait_sound(10)
        first = call.stream.heard[-1][0]
        call.wait_audio(lambda: call.stream.packets(first) > 100, 5, "a hundred packets")
        span = call.stream.heard[-1][0] - first
        self.assertLess(abs(span / (call.stream.packets(first) - 1) - 0.02), 0.002)
        call.hang_up()

    def test_a_caller_may_hold_and_come_back(self):
        call = self.answered()
        call.wait_sound(10)
        self.assertEqual(call.reinvite("sendonly").status, 200)
        self.assertIn(call.peer.direction, ("recvonly", "inactive"))
        self.assertEqual(call.reinvite("sendrecv").status, 200)
        self.assertEqual(call.peer.direction, "sendrecv")
        call.hang_up()

    def test_a_reinvite_without_an_offer_gets_one(self):
        call = self.answered()
        answer = call.reinvite(body="")
        self.assertEqual(answer.status, 200)
        self.assertIn("m=audio", answer.body)
        call.hang_up()

    def test_a_session_too_short_is_refused_and_a_longer_one_refreshed_by_update(self):
        timer = ("Supported", "timer")
        refusal = self.caller().call("100", headers=[timer, ("Session-Expires", "60")]).wait_final()
        self.assertEqual((refusal.status, refusal.get("Min-SE")), (422, "90"))
        call = self.caller().call("100", headers=[timer, ("Session-Expires", "600;refresher=uac")])
        call.wait_answered()
        self.assertEqual(call.final().get("Session-Expires"), "600;refresher=uac")
        self.assertEqual(call.final().get("Require"), "timer")
        call.request("UPDATE", [("Contact", call.phone.contact), timer, ("Session-Expires", "600;refresher=uac")])
        refreshed = call.wait_final(method="UPDATE")
        self.assertEqual((refreshed.status, refreshed.get("Session-Expires")), (200, "600;refresher=uac"))
        call.hang_up()

    def test_a_caller_may_hold_by_update(self):
        call = self.answered()
        call.wait_sound(10)
        held = sdp(call.phone.host, call.stream.port, "sendonly", version=2)
        call.request("UPDATE", [("Contact", call.phone.contact), ("Content-Type", "application/sdp")], held)
        answer = call.wait_final(method="UPDATE")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.body, "a=(recvonly|inactive)")
        call.hang_up()

    def test_a_caller_that_requires_reliable_ringing_is_not_refused(self):
        call = self.caller().call("100", headers=[("Require", "100rel")])
        call.wait_answered()
        call.wait_sound(10)
        call.hang_up()

    def test_a_callers_transfer_is_declined_and_the_call_goes_on(self):
        call = self.answered()
        call.request("REFER", [("Contact", call.phone.contact), ("Refer-To", "<sip:101@127.0.0.1>")])
        self.assertEqual(call.wait_final(method="REFER").status, 603)
        call.wait_sound(10)
        call.hang_up()

    def test_an_options_inside_the_call_is_answered(self):
        call = self.answered()
        call.request("OPTIONS")
        self.assertEqual(call.wait_final(method="OPTIONS").status, 200)
        call.hang_up()

    def test_a_request_of_a_call_that_is_over_gets_481(self):
        call = self.answered()
        call.hang_up()
        call.request("BYE")
        call.wait(lambda: call.final("BYE"), 5, "an answer")
        self.assertEqual(call.final("BYE").status, 481)

    def test_a_method_nobody_knows_gets_405_or_501(self):
        phone = self.caller()
        call_id = "strange-method"
        phone.transmit(Message(
            f"DANCE sip:100@{phone.domain} SIP/2.0",
            [("Via", phone.via()), ("Max-Forwards", "70"), ("From", "<sip:x@127.0.0.1>;tag=1"), ("To", f"<sip:100@{phone.domain}>"),
             ("Call-ID", call_id), ("CSeq", "1 DANCE")],
        ))
        self.assertIn(phone.answer_to(call_id, 1, 5).status, (405, 501))

    def test_an_answer_nobody_acknowledges_is_sent_again_and_then_given_up(self):
        phone = self.caller()
        phone.acknowledges = False
        call = phone.call("100")
        call.wait_answered()
        again = lambda: sum(1 for way, m in call.log if way == "in" and m.is_response and m.status == 200) >= 4
        call.wait(again, 10, "the 200 to be sent again")
        call.wait(lambda: call.received("BYE"), 40, "the call to be given up (64*T1)")


class EveryAddress(Case):
    """Listening on all addresses of the machine, telephones are told one."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.bind, cls.server.extra = "0.0.0.0", ["--advertise", "127.0.0.1", "--allow-plain-http"]
        cls.server.start()

    def test_phones_and_callers_are_told_the_advertised_address(self):
        page, phone = self.ready_agent("ana")
        call, _ = self.to_queue()
        answer = call.final()
        self.assertIn(f"127.0.0.1:{self.server.sip_port}", answer.get("Contact"))
        self.assertEqual(call.peer.host, "127.0.0.1")
        ringing = phone.wait_incoming(20)
        self.assertIn(f"127.0.0.1:{self.server.sip_port}", ringing.invite.get("Via"))
        self.assertIn("c=IN IP4 127.0.0.1", ringing.invite.body)
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.hang_up()
        self.finish(page)

    def test_without_one_the_server_does_not_start_and_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as data:
            ended = subprocess.run(
                [os.path.join(programs(), "escuchad"), "--data", data, "--bind", "0.0.0.0"], capture_output=True, text=True, timeout=20, check=False
            )
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--advertise", ended.stderr)


class Strangers(Case):
    """The carrier is elsewhere: whoever comes from this machine has to prove who he is."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)

        def elsewhere(company_document):
            company_document["trunks"] = [{"name": "Operador", "cidrs": "127.0.0.2/32"}]

        files = company.write(cls.folder.name, {}, elsewhere)
        cls.server = Server(os.path.join(cls.folder.name, "data"))
        cls.server.extra = ["--demo-files", files]
        os.mkdir(cls.server.data)
        cls.server.start()

    def escuchactl(self, *words):
        ended = subprocess.run(
            [os.path.join(programs(), "escuchactl"), "--data", self.server.data, "--url", f"http://127.0.0.1:{self.server.http_port}", *words],
            capture_output=True, text=True, timeout=20, check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_an_invite_from_nowhere_is_refused(self):
        self.assertEqual(self.caller().call("100").wait_final().status, 403)

    def test_who_guesses_passwords_is_met_with_silence_and_registered_phones_are_not(self):
        ana = self.phone("ana")
        thief = self._closed(self.server.phone("luis"))
        answers = set()
        while self.server.metrics()["escucha_sip_bans_total"] == 0:
            answers.add(thief.register(password="guess").status)
        self.assertEqual(answers, {403})
        with self.assertRaises(Late):
            thief.register(deadline_s=1)
        self.assertEqual(ana.register().status, 200)
        self.assertIn("127.0.0.1", self.escuchactl("ban", "list"))
        self.escuchactl("ban", "lift", "127.0.0.1")
        self.assertEqual(thief.register().status, 200)
        self.assertEqual(thief.register(expires_s=0).status, 200)


if __name__ == "__main__":
    unittest.main()
