"""The prompts page: recorded with a microphone, uploaded, listened to, chosen as a queue's music."""

import os
import tempfile

from browser.case import Pages
from harness.waiting import until
from scenarios.test_prompts import sound


class PromptsPage(Pages):
    microphone = "fake"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)

    def library(self, login="admin", **options):
        screen = self.signed_in(login, **options)
        screen.open(self.address("/prompts"))
        return screen

    def file(self, extension, frequency_hz):
        sound(self.folder.name, extension, frequency_hz)
        return os.path.join(self.folder.name, f"{frequency_hz}.{extension}")

    def test_a_prompt_is_recorded_heard_retaken_and_saved(self):
        screen = self.library()
        self.assert_clean(screen)
        screen.click("prompt-new")
        screen.click("record-start")
        screen.wait("record-level")
        self.assertEqual(screen.do("axe"), [])
        until(lambda: float(screen.do("attribute", id="record-level", name="value")) > 0, 10, "the microphone to be heard")
        screen.click("record-stop")
        screen.wait("wave-peaks")
        screen.click("record-again")
        screen.click("record-start")
        until(lambda: "0:03" in screen.text("record-clock"), 15, "three seconds, with beeps in them")
        screen.click("record-stop")
        screen.wait("wave-peaks")
        screen.fill("sound-title", "Cierre de Año Nuevo")
        self.assertEqual(screen.value("sound-name"), "cierre-de-ano-nuevo")
        screen.fill("sound-text", "Volvemos el día dos.")
        self.assert_clean(screen)
        screen.click("sound-save")
        screen.wait("prompt-detail", 20)
        made = self.api_of("admin").get("/api/v1/prompts/es/cierre-de-ano-nuevo")
        self.assertEqual((made["source"], made["title"], made["text"]), ("recorded", "Cierre de Año Nuevo", "Volvemos el día dos."))
        self.assertGreater(made["duration_ms"], 50)
        screen.wait("wave-peaks")
        self.assert_clean(screen)

    def test_a_file_is_uploaded_described_replaced_and_deleted(self):
        screen = self.library(language="en")
        screen.click("prompt-new")
        screen.click("how-upload")
        screen.do("upload", id="sound-drop", path=self.file("flac", 700))
        screen.fill("sound-title", "Good morning")
        screen.choose("sound-language", "en")
        self.assert_clean(screen)
        screen.click("sound-save")
        screen.wait("prompt-detail", 20)
        before = self.api_of("admin").get("/api/v1/prompts/en/good-morning")
        screen.click("prompt-edit")
        screen.fill("edit-title", "Good evening")
        screen.click("edit-save")
        screen.gone("edit-save")
        screen.click("prompt-replace")
        screen.click("how-upload")
        screen.do("upload", id="sound-drop", path=self.file("ogg", 900))
        screen.click("sound-save")
        screen.gone("sound-form", 20)
        after = self.api_of("admin").get("/api/v1/prompts/en/good-morning")
        self.assertEqual(after["title"], "Good evening")
        self.assertNotEqual(after["sha256"], before["sha256"])
        self.assert_clean(screen)
        screen.click("prompt-remove")
        self.assert_clean(screen)
        screen.click("remove-confirm")
        screen.gone("prompt-detail")
        self.assertEqual(self.api_of("admin").get("/api/v1/prompts?language=en")["items"], [])

    def test_what_is_no_sound_is_told_before_and_after_it_is_sent(self):
        path = os.path.join(self.folder.name, "carta.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("esto no suena")
        screen = self.library()
        screen.click("prompt-new")
        screen.click("how-upload")
        screen.do("upload", id="sound-drop", path=path)
        self.assertIn("carta.txt", screen.text("sound-complaint"))
        os.rename(path, path := os.path.join(self.folder.name, "carta.wav"))
        screen.do("upload", id="sound-drop", path=path)
        screen.click("sound-save")
        screen.wait("sound-trouble", 20)
        self.assertIn("WAV, FLAC, Ogg o MP3", screen.text("sound-trouble"))
        self.assertEqual(screen.do("axe"), [])

    def test_a_supervisor_listens_and_changes_nothing(self):
        screen = self.library("sofia")
        screen.wait("queue-music")
        self.assertEqual(screen.do("count", id="prompt-new"), 0)
        screen.click("wave-toggle")
        until(lambda: screen.do("audio")["at_s"] > 0, 10, "the music to play")
        self.assert_clean(screen)
