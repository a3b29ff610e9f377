"""Two companies on one installation, and people who work for both."""

from harness.case import TONE_AGENT, TONE_CALLER, Case
from harness.demo import KEY_PERSON, LINE_PARTNER
from harness.waiting import until


class Companies(Case):
    def partner(self, login="bruno"):
        """Somebody at the partner company: its owner, or a member of it who goes there."""
        api = self.server.api(login)
        for company in api.session["companies"]:
            if company["key"] == "aguas-de-la-vega":
                api.session = api.post("/api/v1/session/company", {"company_id": company["id"]})
        self.assertEqual(api.session["company"]["name"], "Aguas de la Vega")
        return api

    def partner_stream(self):
        api = self.partner()
        stream = api.events(api.get("/api/v1/floor")["seq"])
        self.addCleanup(stream.close)
        return stream

    def to_partner(self, stream, **options):
        """A caller of the partner's line who asked for a person: (call, its `contact_queued`)."""
        call = self.caller(sound=TONE_CALLER, **options).call(LINE_PARTNER)
        call.wait_answered()
        call.wait_sound(15)
        call.press(KEY_PERSON)
        queued = stream.wait_type("contact_queued")
        call.contact_id = queued["contact_id"]
        return call, queued

    def finish_there(self, there):
        """Ends the wrap-up of a call with the partner."""
        agent = there.session["user"]["agent_id"]
        until(lambda: there.get("/api/v1/desk")["agent"]["state"] == "wrap_up", 15, "wrap-up")
        there.post(f"/api/v1/agents/{agent}/wrap-up/finish", {"topic": "other", "outcome": "solved"})

    def test_one_agent_serves_both_one_caller_at_a_time(self):
        page, phone = self.ready_agent("ana", sound=TONE_AGENT)
        stream = self.partner_stream()
        theirs, _ = self.to_partner(stream)
        ringing = phone.wait_incoming(20)
        page.stream.wait_for(
            lambda f: f["type"] == "agent_state_changed" and f["data"]["reason"] == "elsewhere", 10, "the agent to be elsewhere"
        )
        self.assertEqual(page.desk()["agent"]["reason"], "elsewhere")
        self.assertIsNone(page.desk()["contact"], "what one company's caller says is not the other's")
        ringing.answer()
        stream.wait_type("contact_connected", contact_id=theirs.contact_id)
        there = self.partner("ana")
        self.assertEqual(there.get("/api/v1/desk")["contact"]["id"], theirs.contact_id)

        ours, _ = self.to_queue()
        self.assertEqual(page.desk()["agent"]["reason"], "elsewhere")
        theirs.hang_up()
        ringing.wait_ended()
        self.finish_there(there)
        phone.wait_incoming(20).answer()
        page.stream.wait_type("contact_connected", contact_id=ours.contact_id)
        self.assertEqual(there.get("/api/v1/desk")["agent"]["reason"], "elsewhere")
        ours.hang_up()

    def test_what_is_one_companys_does_not_exist_for_the_other(self):
        stream = self.partner_stream()
        page, phone = self.ready_agent("luis", sound=TONE_AGENT)
        call, _ = self.to_partner(stream)
        phone.wait_incoming(20).answer()
        stream.wait_type("contact_connected", contact_id=call.contact_id)
        path = f"/api/v1/contacts/{call.contact_id}"
        sofia = self.server.api("sofia")
        sofia.get(path, expect=404)
        self.assertEqual(self.partner("sofia").get(path)["contact"]["id"], call.contact_id)
        bruno = self.partner()
        self.assertEqual([each["key"] for each in bruno.session["companies"]], ["aguas-de-la-vega"])
        bruno.post("/api/v1/session/company", {"company_id": sofia.session["company"]["id"]}, expect=404)
        call.hang_up()
        self.finish_there(self.partner("luis"))

    def test_the_brands_owner_stops_a_queue_and_the_next_caller_is_told(self):
        page, _ = self.ready_agent("ana", sound=TONE_AGENT)
        page.act("status", {"state": "not_ready", "reason": "break"})
        stream = self.partner_stream()
        waiting, queued = self.to_partner(stream)
        bruno = self.partner()
        queue = queued["queue_id"]
        bruno.post(f"/api/v1/queues/{queue}/stop", {"reason": "Hay que revisar lo que se dice"}, expect=204)
        self.addCleanup(bruno.post, f"/api/v1/queues/{queue}/resume")
        stream.wait_type("queue_stopped", queue_id=queue)
        self.assertTrue(bruno.get("/api/v1/floor")["queues"][0]["is_stopped"])
        late = self.caller("+34911222444", sound=TONE_CALLER).call(LINE_PARTNER)
        late.wait_answered()
        late.wait_sound(15)
        late.press(KEY_PERSON)
        arrived = stream.wait_for(
            lambda f: f["type"] == "contact_arrived" and f["contact_id"] != waiting.contact_id, 20, "the second caller"
        )
        stream.wait_for(
            lambda f: f["type"] == "flow_node_entered" and f["contact_id"] == arrived["contact_id"] and f["data"]["node"] == "cerrado",
            20,
            "the second caller to hear that nobody is there",
        )
        self.assertEqual(bruno.get("/api/v1/floor")["queues"][0]["waiting"], 1)
        waiting.hang_up()
        late.hang_up()
