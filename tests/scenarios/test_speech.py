"""The voice is dead, slow, or dies: the caller hears that somebody is there, and goes on with the keypad."""

import os
import tempfile

from harness.case import AGENT_HZ, TONE_AGENT, ServerOfItsOwn
from harness.demo import KEY_PERSON
from harness.server import Server
from harness.waiting import until

BEEP_HZ = 1000


class WithoutAVoice(ServerOfItsOwn):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="escucha-voice-")
        self.addCleanup(folder.cleanup)
        self.is_dead = os.path.join(folder.name, "dead")
        self.engine = os.path.join(folder.name, "engine")

    def serve(self, script):
        with open(self.engine, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(self.engine, 0o755)
        self.server = Server(settings=f'[speech]\ncommand = "{self.engine}"\n')
        self.server.start()
        self.addCleanup(self.server.discard)

    def goes_on_with_keys(self, call, phone):
        call.stream.press(KEY_PERSON)
        phone.wait_incoming(30).answer()
        call.wait_tone(AGENT_HZ)
        call.hang_up()

    def test_a_caller_without_a_voice_hears_a_beep_and_reaches_a_person(self):
        self.serve("exit 1")
        _, phone = self.ready_agent("ana", sound=TONE_AGENT)
        call = self.caller().call("100")
        call.wait_answered()
        call.wait_tone(BEEP_HZ)
        self.goes_on_with_keys(call, phone)

    def test_a_voice_that_hangs_is_not_waited_for(self):
        self.serve("exec sleep 30")
        _, phone = self.ready_agent("ana", sound=TONE_AGENT)
        call = self.caller().call("100")
        call.wait_answered()
        call.wait_tone(BEEP_HZ, deadline_s=6)
        self.goes_on_with_keys(call, phone)

    def test_a_voice_that_dies_leaves_a_sentence_that_says_so(self):
        self.serve(f'[ -e "{self.is_dead}" ] && exit 1\nexec espeak-ng -v es -s 150 --stdin --stdout')
        until(lambda: "prompts_warm" in self.server.log_tail(), 120, "the sentence to be made")
        with open(self.is_dead, "w", encoding="utf-8"):
            pass
        _, phone = self.ready_agent("ana", sound=TONE_AGENT)
        call = self.caller(number="600999000").call("100")
        call.wait_answered()
        call.wait_sound(15)
        call.wait_music(not_hz=BEEP_HZ)
        self.goes_on_with_keys(call, phone)
