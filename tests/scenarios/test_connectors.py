"""A flow that asks another system: what callers hear when it answers, and when it does not."""

import datetime
import os
import tempfile
import time

from harness import company
from harness.connector import Connector, answer, raw, reset
from harness.server import Server
from scenarios.test_flows import Walk

LINE, LINE_RESTS, LINE_SILENT = "310", "311", "312"
DEADLINE_S, FILLER_AFTER_S = 2.0, 0.5
FAILURES_TO_REST = 5  # control/detail/circuit.h


def asking(connector):
    look_up = {
        "type": "look_up", "connector": connector, "operation": "balance", "params": {"number": "{caller.number}"},
        "results": {"balance": "importe", "due": "vence"}, "deadline_s": DEADLINE_S, "max_age_s": 3600,
        "filler": "espere", "filler_after_s": FILLER_AFTER_S, "next": "bien", "stale": "viejo", "not_found": "nada", "failed": "fallo",
    }
    says = {name: {"type": "say", "prompt": name, "next": "fin"} for name in ("bien", "viejo", "nada", "fallo")}
    return company.flow(
        f"Pregunta a {connector}", "pregunta", {"pregunta": look_up, **says},
        {
            "espere": "Un momento, por favor.", "bien": "Debe {importe}, hasta el {vence}.", "viejo": "No lo sé con seguridad.",
            "nada": "No me consta nada.", "fallo": "Ahora no lo puedo mirar.",
        },
        {"importe": {"type": "money", "sensitivity": "internal"}, "vence": {"type": "date", "sensitivity": "internal"}},
    )


def good(**more):
    return {"status": "ok", "source": "billing", "fields": {"balance": {"minor_units": 1205, "currency": "EUR"}, "due": "2026-12-01"}, **more}


class Connectors(Walk):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.billing, cls.tired, cls.silent = Connector(), Connector(), Connector()
        connectors = {"billing": cls.billing, "tired": cls.tired, "silent": cls.silent}
        for connector in connectors.values():
            cls.addClassCleanup(connector.close)
        files = company.write(cls.folder.name, dict(zip((LINE, LINE_RESTS, LINE_SILENT), map(asking, connectors))))
        settings = os.path.join(cls.folder.name, "escucha.toml")
        with open(settings, "w", encoding="utf-8") as file:
            file.write("[connectors]\n" + "".join(f'{name} = "{one.url}"\n' for name, one in connectors.items()))
        cls.server = Server(os.path.join(cls.folder.name, "data"))
        cls.server.extra = ["--config", settings, "--demo-files", files]
        os.mkdir(cls.server.data)
        cls.server.start()

    def said(self, call):
        """What the caller was told, sentence by sentence."""
        trace = self.server.api("admin").get(f"/api/v1/contacts/{call.contact_id}/trace")
        return [line["text"].removeprefix("says: ") for line in trace["lines"] if line["text"].startswith("says: ")]

    def ask(self, line=LINE):
        """A call to the line, to its end: (call, its look_up_done)."""
        call, wait = self.dial(line)
        done = wait("look_up_done")
        wait("contact_ended")
        return call, done["data"]

    def test_a_right_answer_is_spoken(self):
        self.billing.reply = answer(good())
        call, done = self.ask()
        self.assertEqual(done["result"], "ok")
        self.assertEqual(self.said(call), ["Debe doce euros con cinco céntimos, hasta el martes, primero de diciembre de dos mil veintiséis."])
        self.assertEqual(self.billing.asked[-1], {"operation": "balance", "params": {"number": "+34911222333"}})

    def test_what_is_not_known_takes_its_own_way(self):
        for reply, result, sentence in (
            ({"status": "not_found"}, "not_found", "No me consta nada."),
            ({"status": "failed"}, "failed", "Ahora no lo puedo mirar."),
            (good(status="stale"), "stale", "No lo sé con seguridad."),
        ):
            with self.subTest(result):
                self.billing.reply = answer(reply)
                call, done = self.ask()
                self.assertEqual(done["result"], result)
                self.assertEqual(self.said(call), [sentence])

    def test_an_answer_older_than_the_flow_allows_is_stale(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        for age_s, result in ((3500, "ok"), (3700, "stale")):
            with self.subTest(age_s):
                as_of = (now - datetime.timedelta(seconds=age_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
                self.billing.reply = answer(good(as_of=as_of))
                self.assertEqual(self.ask()[1]["result"], result)

    def test_a_slow_answer_is_bridged_by_a_sentence_and_ends_at_the_deadline(self):
        self.billing.reply = self.billing.say_nothing
        call, wait = self.dial(LINE)
        asked_at = time.monotonic()
        call.wait_sound(DEADLINE_S, since=asked_at)
        done = wait("look_up_done")
        self.assertEqual(done["data"]["result"], "timeout")
        self.assertGreaterEqual(done["data"]["took_ms"], DEADLINE_S * 1000)
        self.assertLess(done["data"]["took_ms"], (DEADLINE_S + 0.5) * 1000)
        wait("contact_ended")
        self.assertEqual(self.said(call), ["Un momento, por favor.", "Ahora no lo puedo mirar."])

    def test_whatever_is_no_proper_answer_takes_the_failure_edge(self):
        replies = {
            "500": answer(good(), status=500),
            "reset": reset,
            "no JSON": raw(b'{"status": "ok", "fields": '),
            "not an answer": raw(b"[]"),
            "a field of a kind that nobody has": answer(good(fields={"balance": [1205]})),
            "a field of another kind than the variable": answer(good(fields={"balance": "mucho", "due": "2026-12-01"})),
            "10 MB": raw(b" " * 10_000_000),
        }
        for i, (name, reply) in enumerate(replies.items()):
            with self.subTest(name):
                self.billing.reply = reply
                call, done = self.ask()
                self.assertEqual(done["result"], "failed")
                self.assertEqual(self.said(call)[-1], "Ahora no lo puedo mirar.")
                if i % (FAILURES_TO_REST - 1) == 0:
                    self.billing.reply = answer(good())
                    self.assertEqual(self.ask()[1]["result"], "ok")

    def test_callers_of_a_silent_system_delay_nobody_else(self):
        self.silent.reply = self.silent.say_nothing
        self.billing.reply = answer(good())
        waiting = [self.dial(LINE_SILENT) for _ in range(4)]
        done = self.ask()[1]
        self.assertEqual(done["result"], "ok")
        self.assertLess(done["took_ms"], 500)
        for _, wait in waiting:
            self.assertEqual(wait("look_up_done")["data"]["result"], "timeout")
            wait("contact_ended")

    def test_a_system_that_keeps_failing_is_left_alone(self):
        self.tired.reply = answer({}, status=500)
        for _ in range(FAILURES_TO_REST):
            self.ask(LINE_RESTS)
        before, asked = self.server.metrics(), len(self.tired.asked)
        call, done = self.ask(LINE_RESTS)
        self.assertEqual(done["result"], "failed")
        self.assertEqual(len(self.tired.asked), asked)
        self.assertEqual(self.said(call), ["Ahora no lo puedo mirar."])
        after = self.server.metrics()
        self.assertEqual(after["escucha_connector_refusals_total"] - before["escucha_connector_refusals_total"], 1)
        self.assertGreaterEqual(after["escucha_connector_rests_total"], 1)
        self.billing.reply = answer(good())
        self.assertEqual(self.ask()[1]["result"], "ok")
