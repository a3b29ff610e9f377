"""What a call leaves behind, seen on the pages: recording, case, customer, flow."""

from browser.case import Pages
from harness.case import TONE_CALLER
from harness.demo import KNOWN_NAME, KNOWN_NUMBER
from harness.waiting import until


class Records(Pages):
    def served(self, number=KNOWN_NUMBER, **disposition):
        """A whole call of a customer, wrapped up: (contact's end, recording's end)."""
        page, phone = self.ready_agent("ana", sound=TONE_CALLER)
        call, _ = self.to_queue(self.caller(number, sound=TONE_CALLER))
        ringing = phone.wait_incoming(20)
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        ringing.wait_sound(15)
        call.hang_up()
        recorded = self.watch().wait_type("recording_ended", contact_id=call.contact_id)
        self.finish(page, **disposition)
        ended = self.watch().wait_type("contact_ended", contact_id=call.contact_id)
        return ended, recorded

    def test_the_player_plays_the_recording_of_the_call(self):
        _, recorded = self.served()
        recording = recorded["data"]["recording"]
        screen = self.signed_in("sofia")
        screen.open(self.address("/recordings"))
        screen.click(f"listen-{recording}")
        screen.wait("player")
        until(lambda: screen.do("audio")["duration_s"] > 0, 10, "the length of the recording")
        length = screen.do("audio")["duration_s"]
        journey = self.api_of().get(f"/api/v1/contacts/{recorded['contact_id']}/journey")
        self.assertAlmostEqual(length * 1000, journey["duration_ms"], delta=50)
        segment = journey["segments"][0]
        self.assertAlmostEqual(segment["to_ms"] - segment["from_ms"], recorded["data"]["duration_ms"], delta=1)
        until(lambda: screen.do("audio")["at_s"] * 1000 >= segment["from_ms"] - 1, 10, "the player to stand at its beginning")
        self.assert_clean(screen)
        screen.click("player-toggle")
        until(lambda: screen.do("audio")["at_s"] > 0, 10, "the recording to play")
        self.assertIsNone(screen.do("audio")["error"])
        self.watch().wait_for(
            lambda f: f["type"] == "recording_played" and f["data"]["recording"] == recording, 5, "the listening to be journalled"
        )

    def test_a_part_of_the_recording_is_served_by_range(self):
        _, recorded = self.served()
        path = f"/api/v1/recordings/{recorded['data']['recording']}/audio"
        sofia = self.api_of()
        status, headers, octets = sofia.raw("GET", path, headers={"Cookie": sofia.cookie, "Range": "bytes=0-43"})
        self.assertEqual((status, len(octets), octets[:4], octets[8:12]), (206, 44, b"RIFF", b"WAVE"))
        size = int(headers["Content-Range"].removeprefix("bytes 0-43/"))
        self.assertAlmostEqual((size - 44) / 32, recorded["data"]["duration_ms"], delta=1)
        past = {"Cookie": sofia.cookie, "Range": f"bytes={size}-"}
        self.assertEqual(sofia.raw("GET", path, headers=past)[0], 416)

    def test_the_customers_history_has_contact_case_and_recording(self):
        ended, recorded = self.served(topic="bill")
        customer = ended["customer_id"]
        screen = self.signed_in("ana")
        screen.open(self.address(f"/customers/{customer}"))
        for kind in ("contact_arrived", "contact_connected", "contact_ended", "case_opened", "recording_ended", "disposition_recorded"):
            screen.wait(f"entry-{kind}")
        self.assertIn(KNOWN_NAME, screen.text("page-title"))
        self.assert_clean(screen)
        screen.click("entry-listen")
        screen.wait("player")
        self.assertIsNone(screen.do("audio")["error"])
        self.assertEqual(recorded["contact_id"], ended["contact_id"])

    def test_a_case_is_found_by_its_reference_and_closed(self):
        ended, _ = self.served("+34911000111", outcome="transferred")
        row = self.api_of().get(f"/api/v1/cases/{ended['case_id']}")["case"]
        screen = self.signed_in("ana")
        screen.open(self.address("/cases"))
        screen.wait(f"case-link-{row['reference']}")
        self.assert_clean(screen)
        screen.fill("search-text", row["reference"])
        until(lambda: screen.do("count", id="case-row") == 1, 10, "one case to be left")
        screen.click(f"case-link-{row['reference']}")
        screen.wait("case-edit")
        self.assert_clean(screen)
        screen.click("case-close")
        screen.fill("close-outcome", "Se le explicó la factura")
        self.assert_clean(screen)
        screen.click("close-confirm")
        screen.gone("case-edit")
        closed = self.api_of().get(f"/api/v1/cases/{ended['case_id']}")["case"]
        self.assertEqual((closed["status"], closed["outcome"]), ("closed", "Se le explicó la factura"))
        self.assert_clean(screen)

    def test_a_case_changed_by_somebody_else_is_not_overwritten(self):
        ended, _ = self.served("+34911000222", outcome="transferred")
        path = f"/api/v1/cases/{ended['case_id']}"
        screen = self.signed_in("ana")
        screen.open(self.address(f"/cases/{ended['case_id']}"))
        screen.fill("case-next-step", "Enviar el desglose")
        sofia = self.api_of()
        sofia.get(path)
        sofia.request("PATCH", path, {"next_step": "Llamar el lunes"}, headers={"If-Match": sofia.etag})
        screen.wait("case-stale")
        self.assertIn("Llamar el lunes", screen.text("case-stale"))
        self.assertEqual(screen.value("case-next-step"), "Enviar el desglose")
        self.assertEqual(sofia.get(path)["case"]["next_step"], "Llamar el lunes")
        self.assertEqual(screen.do("axe"), [])
        screen.click("case-save")
        screen.gone("case-stale")
        until(lambda: sofia.get(path)["case"]["next_step"] == "Enviar el desglose", 5, "the change, now on the newest version")

    def test_the_flow_is_drawn_as_it_is(self):
        screen = self.signed_in("sofia")
        screen.open(self.address("/flows"))
        screen.click("flow-link", has="Servicio al cliente")
        screen.wait("flow-drawing")
        flows = self.api_of().get("/api/v1/flows")["items"]
        flow = next(each for each in flows if "Servicio al cliente" in each["name"])
        version = self.api_of().get(f"/api/v1/flows/{flow['id']}/versions/{flow['published_version']}")
        nodes = len(version["document"]["nodes"])
        until(lambda: screen.do("count", id="flow-step") == nodes, 10, f"{nodes} steps to be drawn")
        self.assert_clean(screen)
