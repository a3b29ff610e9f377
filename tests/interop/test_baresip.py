"""Debian's baresip as the agent's phone: what a real one makes of our signalling."""

import os
import tempfile

from harness import rtp
from harness.baresip import Baresip
from harness.case import AGENT_HZ, CALLER_HZ, TONE_CALLER, Case, OverTls
from harness.demo import phone_password
from harness.server import Server
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


class WithBaresipOverTls(OverTls):
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
        call.hang_up()
        phone.wait_event("CALL_CLOSED")
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        self.finish(page)


class WithWideBaresip(Desk):
    """The same phone where it speaks nothing but a wide codec, and the caller G.711."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="escucha-wide-")
        cls.addClassCleanup(folder.cleanup)
        config = os.path.join(folder.name, "escucha.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write('[media]\ncodecs = ["pcmu", "pcma", "g722", "opus"]\n')
        cls.server = Server(environment=cls.environment)
        cls.server.extra = ["--config", config]
        cls.server.start()

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
