"""A company's own sounds: uploaded by the API, heard on the telephone."""

import os
import subprocess
import tempfile

from harness import company
from harness.case import Case
from harness.demo import LINE_SERVICE
from harness.server import Server

LINE_OWN, LINE_SHARED = "140", "141"
FLAC_HZ, OGG_HZ, MUSIC_HZ, SECOND_HZ, SHARED_HZ = 700, 900, 1_150, 1_400, 1_650


def sound(folder, extension, frequency_hz, seconds=2.0):
    """A stereo tone at 44.1 kHz, as people have such files."""
    path = os.path.join(folder, f"{frequency_hz}.{extension}")
    subprocess.run(
        ["sox", "-n", "-r", "44100", "-c", "2", path, "synth", str(seconds), "sine", str(frequency_hz), "gain", "-12"], check=True
    )
    with open(path, "rb") as file:
        return file.read()


def saying(name, file):
    """A line that says one recorded sentence, then the same again, and hangs up."""
    document = company.flow(
        name, "decir",
        {"decir": {"type": "say", "prompt": ["frase", "frase"], "next": "fin"}},
        {"frase": "Esto lo diría la voz del sistema."},
    )
    document["prompts"]["frase"]["file"] = file
    return document


class Prompts(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        files = company.write(
            cls.folder.name, {LINE_OWN: saying("Propia", "saludo.wav"), LINE_SHARED: saying("Común", "comun.wav")}
        )
        data = os.path.join(cls.folder.name, "data")
        shared = os.path.join(data, "recorded-prompts", "es")
        os.makedirs(shared)
        with open(os.path.join(shared, "comun.wav"), "wb") as file:
            file.write(sound(cls.folder.name, "wav", SHARED_HZ))
        cls.server = Server(data)
        cls.server.extra = ["--demo-files", files]
        cls.server.start()
        cls.admin = cls.server.api("admin")

    def upload(self, language, name, octets, **options):
        return self.admin.upload(f"/api/v1/prompts/{language}/{name}", octets, **options)

    def hears(self, line, frequency_hz):
        call = self.caller().call(line)
        call.wait_answered()
        call.wait_tone(frequency_hz, 15)
        call.hang_up()

    def test_a_flow_says_what_the_company_uploaded_and_what_replaced_it(self):
        made = self.upload("es", "saludo", sound(self.folder.name, "flac", FLAC_HZ))
        self.assertAlmostEqual(made["duration_ms"], 2000, delta=20)
        self.assertEqual(made["level_after_dbfs"], -20)
        self.assertEqual([use["name"] for use in made["used_by"]], ["Propia"])
        self.hears(LINE_OWN, FLAC_HZ)
        self.upload("es", "saludo", sound(self.folder.name, "ogg", OGG_HZ))
        self.hears(LINE_OWN, OGG_HZ)
        self.assertEqual(self.admin.request("DELETE", "/api/v1/prompts/es/saludo", expect=409)["code"], "wrong_state")

    def test_a_file_of_the_installation_goes_on_working_and_the_companys_own_comes_first(self):
        self.hears(LINE_SHARED, SHARED_HZ)
        self.upload("es", "comun", sound(self.folder.name, "flac", FLAC_HZ))
        self.hears(LINE_SHARED, FLAC_HZ)

    def test_who_waits_hears_the_music_of_the_queue_in_turn_also_after_a_kill(self):
        call, queued = self.to_queue(number=LINE_SERVICE)
        call.hang_up()
        self.upload("none", "primera", sound(self.folder.name, "ogg", MUSIC_HZ))
        self.upload("none", "segunda", sound(self.folder.name, "flac", SECOND_HZ))
        path = f"/api/v1/queues/{queued['queue_id']}/music"
        self.admin.request("PUT", path, {"prompts": ["primera", "segunda"]})
        self.addCleanup(lambda: self.server.api("admin").request("PUT", path, {"prompts": []}))
        call, _ = self.to_queue(number=LINE_SERVICE)
        for frequency_hz in (MUSIC_HZ, SECOND_HZ, MUSIC_HZ):
            call.wait_tone(frequency_hz, 15)
        self.assertEqual(self.admin.request("DELETE", "/api/v1/prompts/none/primera", expect=409)["code"], "wrong_state")
        self.server.kill()
        self.server.start()
        Prompts.admin = self.server.api("admin")
        for frequency_hz in (SECOND_HZ, MUSIC_HZ):
            call.wait_tone(frequency_hz, 15)
        call.hang_up()
        again = self.caller().call(LINE_SERVICE)
        again.wait_answered()
        again.wait_sound(15)
        again.press("0")
        again.wait_tone(MUSIC_HZ, 20)
        again.hang_up()

    def test_garbage_is_refused_in_words(self):
        answer = self.upload("es", "ruido", b"esto no suena" * 100, expect=422)
        self.assertIn("WAV, FLAC, Ogg o MP3", answer["detail"])
