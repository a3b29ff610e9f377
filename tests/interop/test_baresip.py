"""Debian's baresip as the agent's phone: what a real one makes of our signalling."""

import time

from harness import rtp
from harness.baresip import Baresip
from harness.case import AGENT_HZ, CALLER_HZ, TONE_CALLER, Case, OverTls, ServerOfItsOwn
from harness.demo import phone_password
from harness.recording import recording_of
from harness.waiting import until


class Desk(Case):
    def desk(self, login="ana", transport="udp", **options):
        """(baresip, page) of an agent who is ready on a registered phone."""
        phone = Baresip(self.server.sip, login, phone_password(login), AGENT_HZ, transport, **options)
        self.addCleanup(phone.close)
        phone.wait_registered()
        page = self.page(login)
        page.be_ready()
        return phone, page

    def talk(self, login="ana", **options):
        phone, page = self.desk(login, **options)
        call, _ = self.to_queue(self.caller(sound=TONE_CALLER))
        phone.wait_event("CALL_INCOMING", 20)
        phone.accept()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        return phone, page, call


class WithBaresip(Desk):
    def test_it_registers_with_digest_over_udp_and_tcp(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                phone = Baresip(self.server.sip, "luis", phone_password("luis"), transport=transport)
                try:
                    phone.wait_registered()
                finally:
                    phone.close()

    def test_a_wrong_password_is_refused(self):
        phone = Baresip(self.server.sip, "luis", "wrong")
        self.addCleanup(phone.close)
        until(lambda: "ERR" in phone.command("reginfo").get("data", ""), 15, "baresip to be refused")

    def test_agent_and_caller_hear_each_other(self):
        phone, page, call = self.talk()
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        self.finish(page)

    def test_it_hangs_up_and_the_caller_is_told(self):
        phone, page, call = self.talk()
        phone.hang_up()
        call.wait_ended()
        self.finish(page)

    def test_the_page_hangs_up_and_it_ends(self):
        phone, page, call = self.talk()
        page.act("hang-up")
        phone.wait_event("CALL_CLOSED")
        call.wait_ended()
        self.finish(page)

    def test_its_hold_button_is_a_hold(self):
        phone, page, call = self.talk()
        phone.hold()
        page.stream.wait_type("hold_started", contact_id=call.contact_id)
        phone.resume()
        page.stream.wait_type("hold_ended", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)

    def test_its_transfer_button_gives_the_caller_to_the_other_agent(self):
        phone, page, call = self.talk()
        second, second_phone = self.ready_agent("luis")
        phone.transfer(f"sip:luis@{self.server.sip[0]}:{self.server.sip[1]}")
        second_phone.wait_incoming(20).answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        phone.wait_event("CALL_CLOSED")
        self.assertIsNone(call.ended_by)
        call.hang_up()
        self.finish(page)

    def test_it_holds_asks_a_colleague_and_transfers_to_them(self):
        phone, page, call = self.talk()
        first = phone.wait_event("CALL_ESTABLISHED")["id"]
        second, second_phone = self.ready_agent("luis", sound=rtp.tone(880))
        phone.hold()
        page.stream.wait_type("hold_started", contact_id=call.contact_id)
        colleague = f"sip:luis@{self.server.sip[0]}:{self.server.sip[1]}"
        phone.dial(colleague)
        asked = second_phone.wait_incoming(20)
        asked.answer()
        page.stream.wait_type("consultation_answered", contact_id=call.contact_id)
        asked.wait_tone(AGENT_HZ)
        call.wait_music(AGENT_HZ)
        # It knows no Replaces: the target alone says whom it has asked.
        phone.command("callfind", first)
        phone.transfer(colleague)
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(880)
        asked.wait_tone(CALLER_HZ)
        self.assertIsNone(call.ended_by)
        call.hang_up()
        self.finish(page)
        self.finish(second)

    def test_it_declines_and_the_caller_keeps_waiting(self):
        phone, page = self.desk()
        call, _ = self.to_queue()
        phone.wait_event("CALL_INCOMING", 20)
        phone.hang_up()
        page.stream.wait_type("offer_returned")
        self.assertIsNone(call.ended_by)

    def test_a_call_over_tcp_is_the_same(self):
        phone, page, call = self.talk("luis", transport="tcp")
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.finish(page)


class WithKeysOfItsOwn(Desk, ServerOfItsOwn):
    """A phone that offers keys although its signalling can be read."""

    def call_in(self):
        phone = Baresip(self.server.sip, "luis", phone_password("luis"), AGENT_HZ, encryption="srtp-mand")
        self.addCleanup(phone.close)
        phone.wait_registered()
        phone.dial(f"sip:100@{self.server.sip[0]}:{self.server.sip[1]}")
        phone.wait_event("CALL_ESTABLISHED")
        self.hears_more(phone)
        return phone

    @staticmethod
    def hears_more(phone):
        before = phone.heard_bytes()
        until(lambda: phone.heard_bytes() > before + 16000, 20, "another second of sound")

    def ends_with_its_keys_right(self, phone):
        phone.hang_up()
        until(lambda: self.server.metrics()["escucha_legs_encrypted_total"] == 1, 10, "the leg to be counted")
        # It may say something before it has taken our key.
        self.assertLess(self.server.metrics()["escucha_packets_unauthentic_total"], 3)

    def test_a_new_control_process_goes_on_with_its_keys(self):
        phone = self.call_in()
        self.server.kill()
        self.server.start()
        self.hears_more(phone)
        self.ends_with_its_keys_right(phone)


class WithBaresipOverTls(OverTls):
    def desk(self, encryption, login="ana"):
        """(baresip, page) of an agent whose phone is registered over TLS and speaks SRTP."""
        phone = Baresip(
            self.tls_address, login, phone_password(login), AGENT_HZ, "tls",
            tls=(self.authority.certificate, self.authority.issue(login)), encryption=encryption,
        )
        self.addCleanup(phone.close)
        phone.wait_registered()
        page = self.page(login)
        page.be_ready()
        return phone, page

    def talk(self, encryption):
        phone, page = self.desk(encryption)
        call, _ = self.to_queue(self.caller(sound=TONE_CALLER))
        phone.wait_event("CALL_INCOMING", 20)
        phone.accept()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        return phone, page, call

    def measured(self, call):
        """How each leg sounded, once both have ended: {"caller": ..., "agent": ...}."""

        def both():
            events = self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["events"]
            legs = {e["data"]["leg"]: e["data"] for e in events if e["type"] == "sound_measured"}
            return legs if len(legs) == 2 else None

        return until(both, 10, "both legs to be measured")

    def test_its_sound_is_encrypted_and_recorded_in_clear(self):
        phone, page, call = self.talk("srtp-mand")
        phone.hold()
        page.stream.wait_type("hold_started", contact_id=call.contact_id)
        phone.resume()
        page.stream.wait_type("hold_ended", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        phone.press("5")
        call.wait_audio(lambda: any(kind == 101 and sound[0] == 5 for _, kind, sound in list(call.stream.heard)), 5, "the key 5")
        start = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(start) > 100, 5, "two seconds of talk")
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        _, rate, left, right = recording_of(self.server.api("sofia"), call.contact_id)
        talk = slice(-rate * 3 // 2, -rate // 2)
        self.assertGreater(rtp.best_share_of(left[talk], CALLER_HZ), 0.6)
        self.assertGreater(rtp.best_share_of(right[talk], AGENT_HZ), 0.6)
        self.finish(page)
        agent = self.measured(call)["agent"]
        self.assertIn(agent["cipher"], ("AEAD_AES_256_GCM", "AEAD_AES_128_GCM"))
        self.assertLess(agent["unauthentic"], 3)  # said before it had taken our key
        self.assertNotIn("cipher", self.measured(call)["caller"])

    def test_it_is_heard_again_when_media_died(self):
        phone, page, call = self.talk("srtp-mand")
        self.server.kill_media()
        since = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(since) > 50, 20, "a second of sound")
        call.wait_tone(AGENT_HZ)
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.finish(page)
        self.assertLess(self.measured(call)["agent"]["unauthentic"], 3)

    def test_it_calls_with_the_keys_it_offers(self):
        for encryption in ("srtp", "srtp-mand"):
            with self.subTest(encryption):
                before = self.server.metrics()["escucha_legs_encrypted_total"]
                phone, _ = self.desk(encryption, "luis")
                phone.dial(f"sip:100@{self.tls_address[0]}:{self.tls_address[1]}")
                phone.wait_event("CALL_ESTABLISHED")
                until(lambda: phone.heard_bytes() > 16000, 10, "a second of the greeting")
                phone.hang_up()
                phone.wait_event("CALL_CLOSED")
                until(lambda: self.server.metrics()["escucha_legs_encrypted_total"] == before + 1, 10, "the leg to be counted")
                self.assertGreater(rtp.level_dbfs(phone.heard()), -45)
                phone.close()

    def test_agent_and_caller_hear_each_other_over_tls(self):
        phone = Baresip(
            self.tls_address, "ana", phone_password("ana"), AGENT_HZ, "tls", tls=(self.authority.certificate, self.authority.issue("ana"))
        )
        self.addCleanup(phone.close)
        phone.wait_registered()
        page = self.page("ana")
        page.be_ready()
        call, _ = self.to_queue(self.caller(sound=TONE_CALLER))
        phone.wait_event("CALL_INCOMING", 20)
        phone.accept()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        # The offer with keys, which it refused, has closed as well.
        before = len(phone.events)
        call.hang_up()
        phone.wait_event("CALL_CLOSED", since=before)
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        self.finish(page)


class WithWideBaresip(Desk):
    """The same phone where it speaks nothing but a wide codec, and the caller G.711."""

    settings = '[media]\ncodecs = ["pcmu", "pcma", "g722", "opus"]\n'

    def hear_each_other(self, codecs):
        phone, page, call = self.talk(codecs=codecs)
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        self.finish(page)

    def test_agent_and_caller_hear_each_other(self):
        self.hear_each_other("opus/48000/2")

    def test_a_call_in_g722_is_the_same(self):
        self.hear_each_other("G722/16000/1")
