"""Debian's Kamailio between the caller and us: every request of a call, both ways, takes its route."""

from harness.case import AGENT_HZ, CALLER_HZ, TONE_AGENT, TONE_CALLER, Case
from harness.kamailio import Kamailio
from harness.phone import Phone


class BehindKamailio(Case):
    transport = "udp"

    def through(self, **options):
        """A caller who knows the proxy only."""
        proxy = Kamailio(self.server.sip, self.transport)
        self.addCleanup(proxy.close)
        return self._closed(Phone(proxy.address, "+34911222333", sound=TONE_CALLER, **options)), proxy

    def talk(self):
        page, phone = self.ready_agent("ana", sound=TONE_AGENT)
        caller, proxy = self.through()
        call, _ = self.to_queue(caller)
        ringing = phone.wait_incoming(20)
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        self.assertTrue(any(str(proxy.address[1]) in route for route in call.routes), call.routes)
        return call, ringing, page

    def test_the_caller_hangs_up(self):
        call, ringing, page = self.talk()
        call.hang_up()
        ringing.wait_ended()
        self.finish(page)

    def test_we_hang_up_and_our_bye_takes_the_route(self):
        call, _, page = self.talk()
        page.act("hang-up")
        call.wait_ended()
        self.assertEqual(len(call.received("BYE")), 1)
        self.assertEqual(len(call.received("BYE")[0].all("Via")), 2)
        self.finish(page)

    def test_the_caller_holds_and_comes_back(self):
        call, ringing, page = self.talk()
        self.assertEqual(call.reinvite("sendonly").status, 200)
        self.assertEqual(call.reinvite().status, 200)
        call.wait_tone(AGENT_HZ)
        ringing.wait_tone(CALLER_HZ)
        call.hang_up()
        self.finish(page)

    def test_a_caller_who_gives_up_before_the_answer_leaves_nothing(self):
        caller, _ = self.through()
        call = caller.call("100")
        call.cancel()
        call.wait_final()


class BehindKamailioOverTcp(BehindKamailio):
    transport = "tcp"
