"""The two demo lines, walked through by telephone: what is asked, said, opened and left behind."""

import time

from harness.case import TONE_CALLER, Case
from harness.demo import (
    KEY_BALANCE, KEY_CLAIM, KEY_FIND_CASE, KEY_LANGUAGE, KEY_PERSON, KNOWN_DOCUMENT, KNOWN_NUMBER, LINE_SERVICE,
    UNKNOWN_NUMBER,
)
from harness.sip_message import sdp
from harness.waiting import until


def damm(digits):
    """The check digit's remainder; 0 for a whole reference."""
    table = (
        (0, 3, 1, 7, 5, 9, 8, 6, 4, 2), (7, 0, 9, 2, 1, 5, 4, 8, 6, 3), (4, 2, 0, 6, 8, 7, 1, 3, 5, 9), (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
        (6, 1, 2, 3, 0, 4, 5, 9, 7, 8), (3, 6, 7, 4, 2, 0, 9, 5, 8, 1), (5, 8, 6, 9, 7, 2, 0, 1, 3, 4), (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
        (9, 4, 3, 8, 6, 1, 7, 2, 0, 5), (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
    )
    interim = 0
    for digit in digits:
        interim = table[interim][int(digit)]
    return interim


class Walk(Case):
    def dial(self, number, caller=UNKNOWN_NUMBER, **options):
        """An answered call and a reader of its own events: (call, wait)."""
        watcher = self.watch()
        before = len(watcher.frames)
        call = self.caller(caller).call(number, **options)
        call.wait_answered()
        arrived = watcher.wait_for(lambda f: f["type"] == "contact_arrived" and f in watcher.frames[before:], 10, "the contact")
        call.contact_id = arrived["contact_id"]

        def wait(type_, deadline_s=40, **data):
            return watcher.wait_for(
                lambda f: f["type"] == type_ and f.get("contact_id") == call.contact_id and all(f["data"].get(k) == v for k, v in data.items()),
                deadline_s, f"{type_} {data}",
            )

        return call, wait

    def at_node(self, wait, node, deadline_s=40):
        return wait("flow_node_entered", deadline_s, node=node)

    def record(self, call):
        return self.server.api("sofia").get(f"/api/v1/contacts/{call.contact_id}")["contact"]


class Claims(Walk):
    def test_keys_that_come_in_info_lead_the_same_way(self):
        call, wait = self.dial(LINE_SERVICE, body=sdp("127.0.0.1", 4000, payloads=(0,)))
        self.at_node(wait, "menu")
        call.request("INFO", [("Content-Type", "application/dtmf-relay")], f"Signal={KEY_CLAIM}\r\nDuration=160\r\n")
        self.assertEqual(call.wait_final(method="INFO").status, 200)
        self.at_node(wait, "reclamacion_tema")
        call.hang_up()

    def test_keys_that_sound_in_the_voice_lead_the_same_way(self):
        call, wait = self.dial(LINE_SERVICE, payloads=(0,))
        self.at_node(wait, "menu")
        call.stream.press_in_voice(KEY_CLAIM)
        self.at_node(wait, "reclamacion_tema")
        call.hang_up()

    def test_a_claim_is_opened_and_its_reference_spoken(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_CLAIM)
        self.at_node(wait, "reclamacion_tema")
        call.press("1")
        opened = wait("case_opened")
        spoken = wait("reference_spoken")
        reference = opened["data"]["reference"]
        self.assertTrue(reference.isdigit())
        self.assertEqual(damm(reference), 0)
        self.assertEqual(spoken["data"]["reference"], reference)
        call.hang_up()
        ended = wait("contact_ended")
        self.assertEqual(ended["data"]["outcome"], "self_served")
        self.assertEqual(ended["case_id"], opened["case_id"])
        found = self.server.api("sofia").get(f"/api/v1/cases/by-reference/{reference}")
        self.assertEqual(found["case"]["id"], opened["case_id"])

    def test_a_reference_keyed_later_finds_the_case(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_CLAIM + "2")
        reference = wait("case_opened")["data"]["reference"]
        call.hang_up()
        again, wait = self.dial(LINE_SERVICE, "+34911222444")
        self.at_node(wait, "menu")
        again.press(KEY_FIND_CASE)
        self.at_node(wait, "buscar_caso")
        again.press(reference + "#")
        self.assertEqual(wait("case_linked")["data"]["reference"], reference)
        again.hang_up()

    def test_nobody_is_asked_twice(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_BALANCE)
        self.at_node(wait, "saldo_quien")
        call.press(KNOWN_DOCUMENT + "#")
        self.at_node(wait, "algo_mas", 60)
        call.press("1")
        until(lambda: sum(f["type"] == "flow_node_entered" and f["data"]["node"] == "menu" and f.get("contact_id") == call.contact_id for f in self.watch().frames) >= 2, 30, "the menu again")
        call.press("2")
        self.at_node(wait, "pedido", 30)
        call.hang_up()
        wait("contact_ended")
        self.assertNotIn("reask_counted", [f["type"] for f in self.watch().frames if f.get("contact_id") == call.contact_id])


class Answers(Walk):
    def test_a_known_number_is_greeted_and_not_asked_again(self):
        call, wait = self.dial(LINE_SERVICE, KNOWN_NUMBER)
        self.assertEqual(wait("contact_identified")["data"]["how"], "number")
        call.hang_up()

    def test_a_balance_is_told_to_who_gives_the_document(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_BALANCE)
        self.at_node(wait, "saldo_quien")
        call.press(KNOWN_DOCUMENT + "#")
        self.assertEqual(wait("contact_identified")["data"]["how"], "document")
        self.assertEqual(wait("look_up_done")["data"]["result"], "ok")
        self.at_node(wait, "algo_mas", 60)
        call.hang_up()

    def test_a_wrong_key_is_told_and_asked_again(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press("7")
        call.wait_sound(15)
        call.press(KEY_CLAIM)
        self.at_node(wait, "reclamacion_tema")
        call.hang_up()

    def test_the_language_changes_by_key(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_LANGUAGE)
        self.assertEqual(wait("language_chosen")["data"]["language"], "en")
        call.wait_sound(15)
        call.hang_up()


class WaysOut(Walk):
    def test_who_presses_nothing_reaches_a_person(self):
        self.staff()
        call, wait = self.dial(LINE_SERVICE)
        wait("contact_queued", 120)
        call.hang_up()

    def test_without_anybody_in_the_caller_leaves_a_message_and_has_a_reference(self):
        call, wait = self.dial(LINE_SERVICE)
        self.at_node(wait, "menu")
        call.press(KEY_PERSON)
        wait("recording_started", 60, kind="voicemail")
        call.stream.play(TONE_CALLER)
        spoken_until = time.monotonic() + 2
        call.wait_audio(lambda: time.monotonic() > spoken_until, 5, "two seconds of our message going out")
        call.press("#")
        wait("reference_spoken", 60)
        call.hang_up()
        self.assertEqual(wait("contact_ended")["data"]["outcome"], "voicemail")

    def test_hanging_up_at_any_step_leaves_a_whole_record(self):
        steps = (("saludo", ""), ("menu", ""), ("reclamacion_tema", KEY_CLAIM), ("abrir_reclamacion", KEY_CLAIM + "3"), ("saldo_quien", KEY_BALANCE), ("buscar_caso", KEY_FIND_CASE))
        for node, keys in steps:
            with self.subTest(node):
                call, wait = self.dial(LINE_SERVICE)
                if keys:
                    self.at_node(wait, "menu")
                    call.press(keys)
                self.at_node(wait, node)
                call.hang_up()
                wait("contact_ended")
                record = self.record(call)
                self.assertIsNotNone(record["outcome"])
                self.assertIsNotNone(record["case"], "every contact hangs from a case")
