"""Debian's linphone as the agent's phone: another maker's reading of the same RFCs."""

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, TONE_CALLER, Case, OverTls
from harness.demo import phone_password
from harness.linphone import Linphone
from harness.waiting import until


class Desk:
    """For a Case: an agent at linphone."""

    def desk(self, server, login="ana", **options):
        phone = Linphone(server, login, phone_password(login), AGENT_HZ, **options)
        self.addCleanup(phone.close)
        phone.wait_registered()
        page = self.page(login)
        page.be_ready()
        return phone, page

    def talk(self, server, **options):
        phone, page = self.desk(server, **options)
        call, _ = self.to_queue(self.caller(sound=TONE_CALLER))
        phone.wait_incoming()
        phone.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        return phone, page, call

    def hang_up_and_compare(self, phone, page, call):
        phone.wait_heard()
        before = phone.mark()
        call.hang_up()
        phone.wait_ended(before)
        self.assertGreater(rtp.best_share_of(phone.heard(), CALLER_HZ), 0.6)
        self.finish(page)


class WithLinphone(Desk, Case):
    def test_agent_and_caller_hear_each_other(self):
        self.hang_up_and_compare(*self.talk(self.server.sip))

    def test_a_call_over_tcp_is_the_same(self):
        self.hang_up_and_compare(*self.talk(self.server.sip, transport="tcp"))

    def test_it_hangs_up_and_the_caller_is_told(self):
        phone, page, call = self.talk(self.server.sip)
        phone.hang_up()
        call.wait_ended()
        self.finish(page)

    def test_the_page_hangs_up_and_it_ends(self):
        phone, page, call = self.talk(self.server.sip)
        before = phone.mark()
        page.act("hang-up")
        phone.wait_ended(before)
        call.wait_ended()
        self.finish(page)

    def test_its_hold_button_is_a_hold(self):
        phone, page, call = self.talk(self.server.sip)
        phone.command("pause")
        page.stream.wait_type("hold_started", contact_id=call.contact_id)
        phone.wait_said(r"Call \d+ .* paused")
        phone.command("resume")
        page.stream.wait_type("hold_ended", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)

    def test_its_transfer_button_gives_the_caller_to_the_other_agent(self):
        phone, page, call = self.talk(self.server.sip)
        second, second_phone = self.ready_agent("luis")
        before = phone.mark()
        phone.command(f"transfer sip:luis@{self.server.sip[0]}:{self.server.sip[1]}")
        second_phone.wait_incoming(20).answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        phone.wait_ended(before)
        self.assertIsNone(call.ended_by)
        call.hang_up()
        self.finish(page)

    def test_it_declines_and_the_caller_keeps_waiting(self):
        phone, page = self.desk(self.server.sip)
        call, _ = self.to_queue()
        phone.wait_incoming()
        phone.hang_up()
        page.stream.wait_type("offer_returned")
        self.assertIsNone(call.ended_by)


class WithLinphoneOverTls(Desk, OverTls):
    def test_agent_and_caller_hear_each_other_over_tls(self):
        self.talk_over_tls("none")

    def test_its_sound_is_encrypted_when_it_wants(self):
        before = self.server.metrics()["escucha_legs_encrypted_total"]
        self.talk_over_tls("srtp")
        until(lambda: self.server.metrics()["escucha_legs_encrypted_total"] == before + 1, 10, "the encrypted leg to be counted")

    def talk_over_tls(self, encryption):
        # It reads names in a certificate, but no addresses.
        address = "localhost", self.tls_address[1]
        phone, page, call = self.talk(address, transport="tls", authority=self.authority.certificate, encryption=encryption)
        self.hang_up_and_compare(phone, page, call)
