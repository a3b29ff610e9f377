"""Recordings at rest: sealed, chained, one journey over transfers and kills, and what is found when touched."""

import json
import os
import shutil
import stat
import subprocess
import time
import unittest

from harness import rtp
from harness.case import AGENT_HZ, CALLER_HZ, ServerOfItsOwn
from harness.recording import Journeys
from harness.server import programs

SECOND_AGENT_HZ = 880


class Recordings(Journeys, ServerOfItsOwn):
    def ctl(self, *words):
        """(exit status, answer) of an operator's command on this machine."""
        done = subprocess.run(
            [os.path.join(programs(), "escuchactl"), "--data", self.server.data, "--url", f"http://127.0.0.1:{self.server.http_port}", "--json", *words],
            capture_output=True, check=False, timeout=60, text=True,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout + done.stderr

    def verify(self, *words):
        """The faults found, as {recording: [words]}."""
        code, report = self.ctl("recording", "verify", *words)
        faults = {}
        for finding in report["findings"]:
            faults.setdefault(finding["recording"], []).append(finding["fault"])
        self.assertEqual(code, 1 if faults else 0, report)
        return faults, report

    def path_of(self, recording):
        for folder, _, names in os.walk(os.path.join(self.server.data, "recordings")):
            if f"{recording}.rec" in names:
                return os.path.join(folder, f"{recording}.rec")
        self.fail(f"no file of {recording}")

    def talk(self, call, seconds):
        start = time.monotonic()
        call.wait_audio(lambda: call.stream.packets(start) > seconds * 50, seconds + 10, f"{seconds} seconds of talk")

    def recorded(self, seconds=2):
        """A whole call, over: its contact's journey."""
        call, _, page, _ = self.connected()
        call.wait_tone(AGENT_HZ)
        self.talk(call, seconds)
        call.hang_up()
        journey = self.journey(call.contact_id, 1)
        self.finish(page)
        return journey

    def test_a_transfer_and_a_kill_are_one_journey_that_verifies(self):
        call, ringing, page, _ = self.connected("ana")
        call.wait_tone(AGENT_HZ)
        self.talk(call, 2)
        page.act("recording/pause", {"reason": "card_data"})
        page.stream.wait_type("recording_paused", contact_id=call.contact_id)
        self.talk(call, 1)
        page.act("recording/resume")
        page.stream.wait_type("recording_resumed", contact_id=call.contact_id)
        second, second_phone = self.ready_agent("luis", sound=rtp.tone(SECOND_AGENT_HZ))
        page.act("transfer", {"to_agent": second.agent_id})
        taken = second_phone.wait_incoming(20)
        taken.answer()
        second.stream.wait_type("contact_connected", contact_id=call.contact_id)
        ringing.wait_ended()
        call.wait_tone(SECOND_AGENT_HZ)
        self.talk(call, 2)
        killed_at = time.time()
        self.server.kill_media()
        call.wait_tone(SECOND_AGENT_HZ, 20)
        self.talk(call, 1)
        call.hang_up()
        journey = self.journey(call.contact_id, 3)

        segments = journey["segments"]
        self.assertEqual([s["end"] for s in segments], ["stopped", "interrupted", "stopped"])
        self.assertEqual([s["is_complete"] for s in segments], [True, False, True])
        names = [s["agent"]["name"] for s in segments]
        self.assertNotEqual(names[0], names[1])
        self.assertEqual(names[1], names[2])
        self.assertEqual([p["reason"] for p in segments[0]["pauses"]], ["card_data"])
        gaps = [gap["what"] for gap in journey["gaps"]]
        self.assertEqual((gaps[0], gaps[-1]), ("queue", "lost"))
        self.assertLessEqual(set(gaps[1:-1]), {"transfer"}, "a transfer within a second leaves no gap")
        # What was recorded before the kill ends less than a second before it.
        arrived = time.mktime(time.strptime(journey["started_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        arrived += float("0" + journey["started_at"][19:-1])
        self.assertLess(killed_at - (arrived + segments[1]["to_ms"] / 1000), 1.0)

        rate, left, right = self.sound(call.contact_id)

        def heard(samples, segment, hertz):
            """In the last second but a quarter of a segment."""
            end = (segment["to_ms"] - 250) * rate // 1000
            return rtp.share_of(samples[end - rate * 3 // 4 : end], hertz)

        self.assertGreater(heard(right, segments[1], SECOND_AGENT_HZ), 0.6)
        self.assertGreater(heard(left, segments[1], CALLER_HZ), 0.6)
        pause = segments[0]["pauses"][0]
        masked = slice((pause["from_ms"] + 1) * rate // 1000, (pause["to_ms"] - 1) * rate // 1000)
        self.assertGreater(masked.stop - masked.start, rate * 3 // 4)
        self.assertFalse(any(left[masked]) or any(right[masked]), "both sides are silence")

        faults, report = self.verify()
        self.assertEqual(faults, {})
        self.assertEqual((report["files"], report["links"], report["interrupted"]), (3, 3, 1))
        case = self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["contact"]["case"]
        self.assertEqual(self.verify("--case", case["reference"])[1]["files"], 3)
        self.assertEqual(self.verify("--contact", call.contact_id)[1]["files"], 3)
        self.finish(second)

    def test_nothing_of_the_sound_lies_in_the_clear_and_no_key_is_logged(self):
        recording = self.recorded()["segments"][0]["recording_id"]
        with open(self.path_of(recording), "rb") as file:
            octets = file.read()
        self.assertEqual(octets[:6], b"ESCREC")
        # Sealed bytes are as even as chance; sound at 16 bits is not.
        counts = [octets[256:].count(value) for value in range(256)]
        self.assertLess(max(counts), 2 * sum(counts) / 256)
        keys = os.path.join(self.server.data, "recording.keys")
        self.assertEqual(stat.S_IMODE(os.stat(keys).st_mode), 0o600)
        with open(keys, encoding="ascii") as file:
            secrets = [line.split()[-1] for line in file if line.startswith("key ")]
        self.assertTrue(secrets)
        for folder, _, names in os.walk(self.server.data):
            for name in names:
                path = os.path.join(folder, name)
                if name == "recording.keys" or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    held = file.read()
                for secret in secrets:
                    self.assertNotIn(secret.encode(), held, name)
                    self.assertNotIn(bytes.fromhex(secret), held, name)

    def test_a_file_that_was_touched_is_found_and_named(self):
        first = self.recorded()["segments"][0]["recording_id"]
        second = self.recorded()["segments"][0]["recording_id"]
        path, other = self.path_of(first), self.path_of(second)
        shutil.copy(path, path + ".kept")
        with open(path, "r+b") as file:
            file.seek(10_000)
            octet = file.read(1)[0]
            file.seek(10_000)
            file.write(bytes([octet ^ 1]))
        self.assertEqual(self.verify()[0], {first: ["damaged"]})
        shutil.copy(other, path)
        self.assertEqual(self.verify()[0], {first: ["swapped"]})
        shutil.copy(path + ".kept", path)
        os.truncate(path, os.path.getsize(path) - 3_000)
        self.assertEqual(self.verify()[0], {first: ["cut_short"]})
        os.remove(path)
        self.assertEqual(self.verify()[0], {first: ["missing"]})
        shutil.copy(path + ".kept", path)
        self.assertEqual(self.verify()[0], {})

    def test_a_rotated_key_opens_the_old_and_the_new(self):
        first = self.recorded()
        code, answer = self.ctl("recording", "rotate-key")
        self.assertEqual((code, answer), (0, {"rewrapped": 1}))
        second = self.recorded()
        self.assertEqual(self.verify()[0], {})
        self.sound(first["contact_id"])
        self.sound(second["contact_id"])
        self.assertEqual(self.ctl("recording", "forget-keys")[0], 1, "too early")

    def test_a_lost_key_file_is_told_and_calls_go_on_being_recorded(self):
        journey = self.recorded()
        recording = journey["segments"][0]["recording_id"]
        keys = os.path.join(self.server.data, "recording.keys")
        self.server.stop()
        os.rename(keys, keys + ".kept")
        self.server.start()
        del self._watcher
        self.assertIn("recording_keys_lost", self.server.log_tail(400))
        doctor = {finding["what"]: finding["level"] for finding in self.ctl("doctor")[1]["findings"]}
        self.assertEqual(doctor["keys"], "bad")
        api = self.server.api("sofia")
        status, _, _ = api.raw("GET", f"/api/v1/recordings/{recording}/audio", headers={"Cookie": api.cookie})
        self.assertEqual(status, 503)
        self.assertEqual(self.verify()[0], {recording: ["no_key"]})
        again = self.recorded()
        self.sound(again["contact_id"])
        # The lines of both files, and everything is heard again.
        with open(keys + ".kept", encoding="ascii") as file:
            kept = [line for line in file if line.startswith("key ")]
        with open(keys, encoding="ascii") as file:
            fresh = file.readlines()
        with open(keys, "w", encoding="ascii") as file:
            file.writelines([*fresh[:2], *kept, *fresh[2:]])
        self.sound(journey["contact_id"])
        self.assertEqual(self.verify()[0], {})


if __name__ == "__main__":
    unittest.main()
