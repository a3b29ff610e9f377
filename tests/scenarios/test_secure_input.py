"""A caller keys a card while an agent talks with them: in events, in INFO and in the voice. Nobody hears it,
nothing keeps it, and the company's connector has it."""

import os
import time

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, TONE_AGENT, TONE_CALLER, ServerOfItsOwn
from harness.connector import Connector, answer, raw
from harness.demo import KEY_PERSON
from harness.recording import Journeys
from harness.server import Server
from harness.waiting import until

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
WINDOW = 240  # 30 ms: within any key
IN_EVENTS, IN_INFO, IN_VOICE = "4539578763621486", "6011000990139424", "3530111333300000"


def holds_a_key(samples, rate=rtp.RATE_HZ):
    """Whether the two tones of a telephone's key are anywhere in it."""
    width = WINDOW * rate // rtp.RATE_HZ
    for start in range(0, len(samples) - width, width // 2):
        part = samples[start : start + width]
        if rtp.level_dbfs(part) < -50:
            continue
        row = max(rtp.share_of(part, hertz, rate) for hertz in ROWS)
        column = max(rtp.share_of(part, hertz, rate) for hertz in COLUMNS)
        if row > 0.25 and column > 0.25:
            return True
    return False


class SecureInput(Journeys, ServerOfItsOwn):
    def setUp(self):
        self.connector = Connector()
        self.addCleanup(self.connector.close)
        self.server = Server(settings=(
            f'[connectors]\npayments = "{self.connector.url}"\n'
            '[secure_input.luz-del-valle]\nconnector = "payments"\noperation = "keyed"\n[log]\nlevel = "debug"\n'
        ))
        self.server.start()
        self.addCleanup(self.server.discard)

    def talking(self, events=True):
        """Ana talks with a caller whose phone has telephone events, or has none."""
        self.agent_page, phone = self.ready_agent("ana", sound=TONE_AGENT)
        self.staff()
        watcher = self.watch()
        before = len(watcher.frames)
        call = self.caller(sound=TONE_CALLER).call("100", payloads=(0, 8, 101) if events else (0, 8))
        call.wait_answered()
        call.wait_sound(15)
        (call.stream.press if events else call.stream.press_in_voice)(KEY_PERSON)
        queued = watcher.wait_for(lambda f: f["type"] == "contact_queued" and f in watcher.frames[before:], 20, "the queue")
        call.contact_id = queued["contact_id"]
        self.ringing = phone.wait_incoming(20)
        self.ringing.answer()
        self.agent_page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.wait_tone(AGENT_HZ)
        self.ringing.wait_tone(CALLER_HZ)
        return call

    def began(self, call, **options):
        """From when on neither the agent nor the recording hears the caller, who is asked for a card."""
        self.agent_page.act("secure-input", {"kind": "card", **options})
        self.wait("secure_input_started", call)
        call.wait_audio(lambda: rtp.share_of(self.heard(call), AGENT_HZ) < 0.1, 5, "the agent to be gone")
        call.wait_music(AGENT_HZ, 15)  # the words that ask
        return time.monotonic()

    def wait(self, kind, call, **fields):
        return self.agent_page.stream.wait_for(
            lambda f: f["type"] == kind and f["contact_id"] == call.contact_id and all(f["data"].get(k) == v for k, v in fields.items()),
            20, kind,
        )

    @staticmethod
    def heard(call, seconds=0.3):
        return call.stream.samples(time.monotonic() - seconds)

    def state(self):
        return self.agent_page.desk()["contact"]["secure_input"]

    def ended(self, call, since, result="complete"):
        """It has: the two talk again, and the agent heard no key meanwhile. Returns what the page shows."""
        self.wait("secure_input_ended", call, result=result)
        shown = self.state()
        self.wait("recording_resumed", call)
        call.wait_tone(AGENT_HZ)
        self.ringing.wait_tone(CALLER_HZ)
        ear = self.ringing.stream.samples(since)
        self.assertGreater(len(ear), rtp.RATE_HZ)
        self.assertFalse(holds_a_key(ear), "the agent heard a key")
        self.assertEqual(self.ringing.stream.digits(), "")
        return shown

    def assert_nowhere(self, call, *cards):
        """Once the call is over: not in the sound, nor in any of the server's files."""
        journey = self.journey(call.contact_id, 1)
        pauses = journey["segments"][0]["pauses"]
        self.assertEqual([pause["reason"] for pause in pauses], ["secure_input"])
        rate, left, right = self.sound(call.contact_id)
        self.assertGreater(rtp.best_share_of(left, CALLER_HZ, window=800), 0.4, "the talk itself was recorded")
        self.assertFalse(holds_a_key(left, rate) or holds_a_key(right, rate), "a key was recorded")
        masked = slice((pauses[0]["from_ms"] + 1) * rate // 1000, (pauses[0]["to_ms"] - 1) * rate // 1000)
        self.assertFalse(any(left[masked]) or any(right[masked]), "both sides are silence")
        trace = str(self.server.api("admin").get(f"/api/v1/contacts/{call.contact_id}/trace"))
        self.finish(self.agent_page)
        files = {"trace": trace.encode()}
        files |= self.files()
        self.assertTrue(any(name.endswith(".db") for name in files), files.keys())
        self.assertIn(b"secure_input_keyed", b"".join(files.values()))
        for card in cards:
            for part in (card, card[:8], card[-8:]):
                for name, octets in files.items():
                    self.assertNotIn(part.encode(), octets, name)

    def files(self):
        found = {}
        for folder, _, names in os.walk(self.server.data):
            for path in (os.path.join(folder, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[os.path.basename(path)] = file.read()
        return found

    def asked_of_connector(self, call, card):
        self.assertEqual(len(self.connector.asked), 1)
        asked = self.connector.asked[0]
        self.assertEqual(asked["operation"], "keyed")
        self.assertEqual(asked["params"], {"kind": "card", "label": "", "contact": call.contact_id, "value": card})

    def test_a_card_in_telephone_events(self):
        call = self.talking()
        since = self.began(call)
        call.press(IN_EVENTS[:4])
        self.wait("secure_input_keyed", call, digits=4)
        shown = self.state()
        self.assertEqual((shown["state"], shown["digits"], shown["last_four"]), ("keying", 4, None))
        self.assertTrue(self.agent_page.desk()["contact"]["is_recording_paused"])
        call.press(IN_EVENTS[4:] + "#")
        shown = self.ended(call, since)
        self.assertEqual((shown["last_four"], shown["digits"], shown["is_delivered"]), (IN_EVENTS[-4:], 16, True))
        self.asked_of_connector(call, IN_EVENTS)
        call.hang_up()
        self.assert_nowhere(call, IN_EVENTS)

    def test_a_card_in_info(self):
        call = self.talking(events=False)
        since = self.began(call)
        for key in IN_INFO + "#":
            # As some phones do, in the voice as well: heard as one press.
            call.stream.press_in_voice(key)
            call.request("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={key}\r\nDuration=100\r\n")
            self.assertEqual(call.wait_final(method="INFO").status, 200)
            call.wait_audio(lambda: not call.stream.is_pressing(), 3, "our own key going out")
        self.ended(call, since)
        self.asked_of_connector(call, IN_INFO)
        call.hang_up()
        self.assert_nowhere(call, IN_INFO)

    def test_a_card_in_the_voice(self):
        call = self.talking(events=False)
        since = self.began(call)
        call.stream.press_in_voice(IN_VOICE + "#")
        self.ended(call, since)
        self.asked_of_connector(call, IN_VOICE)
        call.hang_up()
        self.assert_nowhere(call, IN_VOICE)

    def test_what_is_looked_for_would_be_found(self):
        """A key in the voice of a plain talk is heard by the agent, and is recorded."""
        call = self.talking(events=False)
        since = time.monotonic()
        call.stream.press_in_voice("159")
        call.wait_audio(lambda: holds_a_key(self.ringing.stream.samples(since)), 5, "the keys at the agent's")
        call.hang_up()
        self.journey(call.contact_id, 1)
        rate, left, _ = self.sound(call.contact_id)
        self.assertTrue(holds_a_key(left, rate))
        self.finish(self.agent_page)

    def test_a_wrong_card_is_asked_for_again_and_the_agent_gives_up(self):
        call = self.talking()
        since = self.began(call)
        call.press("4539578763621487#")
        self.wait("secure_input_retried", call, reason="invalid")
        call.wait_music(AGENT_HZ, 15)
        self.assertEqual(self.state()["attempt"], 2)
        call.press("4539")
        self.wait("secure_input_keyed", call, digits=4)
        self.agent_page.act("secure-input/end")
        self.assertEqual(self.ended(call, since, "cancelled")["last_four"], None)
        self.assertEqual(self.connector.asked, [])
        call.hang_up()
        self.assert_nowhere(call, "4539578763621487")

    def test_a_connector_that_fails_or_refuses_is_told(self):
        call = self.talking()
        for reply, result in ((raw(b"", 500), "undelivered"), (answer({"status": "not_found"}), "rejected")):
            self.connector.reply = reply
            since = self.began(call)
            call.press(IN_EVENTS + "#")
            shown = self.ended(call, since, result)
            self.assertEqual((shown["is_delivered"], shown["last_four"]), (False, None))
        call.hang_up()
        self.finish(self.agent_page)

    def interrupted_by(self, kill):
        """It is, and the talk goes on, recorded."""
        call = self.talking()
        since = self.began(call)
        call.press(IN_EVENTS[:8])
        self.wait("secure_input_keyed", call, digits=8)
        kill()
        call.wait_tone(AGENT_HZ, 20)
        self.ringing.wait_tone(CALLER_HZ, 20)
        self.assertFalse(holds_a_key(self.ringing.stream.samples(since)), "the agent heard a key")
        until(lambda: not self.agent_page.desk()["contact"]["is_recording_paused"], 10, "the recording to go on")
        events = self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["events"]
        results = [event["data"]["result"] for event in events if event["type"] == "secure_input_ended"]
        self.assertEqual(results, ["interrupted"])
        for name, octets in self.files().items():
            self.assertNotIn(IN_EVENTS[:8].encode(), octets, name)

    def test_a_kill_of_media_interrupts_it_and_the_talk_goes_on(self):
        self.interrupted_by(self.server.kill_media)

    def test_a_kill_of_control_interrupts_it_and_the_talk_goes_on(self):
        def kill():
            self.server.kill()
            self.server.start()

        self.interrupted_by(kill)
