"""Who saw what: a reading leaves an entry, a kill leaves the chain whole, and a changed row is found."""

import contextlib
import json
import os
import sqlite3
import subprocess

from harness.case import ServerOfItsOwn
from harness.demo import KNOWN_NAME
from harness.server import programs


class Audit(ServerOfItsOwn):
    def verify(self):
        """(exit status, what was found in the demo company)."""
        done = subprocess.run(
            [os.path.join(programs(), "escuchactl"), "--data", self.server.data, "--json", "audit", "verify"],
            capture_output=True, check=False, timeout=60, text=True,
        )
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if report["is_whole"] else 1, report)
        return done.returncode, report["companies"][0]

    def database(self):
        return contextlib.closing(sqlite3.connect(os.path.join(self.server.data, "escucha.db")))

    def test_a_reading_is_entered_survives_a_kill_and_cannot_be_rewritten_unseen(self):
        admin, agent = self.server.api("admin"), self.server.api("ana")
        found = agent.get("/api/v1/customers?text=" + KNOWN_NAME.split()[0])["items"]
        customer = next(each for each in found if each["name"] == KNOWN_NAME)["id"]
        agent.get(f"/api/v1/customers/{customer}")
        agent.get(f"/api/v1/audit?customer_id={customer}", expect=403)

        seen = admin.get(f"/api/v1/audit?customer_id={customer}")["items"]
        self.assertEqual([entry["action"] for entry in seen], ["get_customer", "search_customers"])
        self.assertEqual({entry["actor"]["name"] for entry in seen}, {agent.session["user"]["name"]})
        self.assertEqual(seen[0]["customers"], [{"id": customer, "name": KNOWN_NAME}])
        refused = admin.get("/api/v1/audit?user_id=" + agent.session["user"]["id"])["items"][0]
        self.assertEqual((refused["action"], refused["outcome"]), ("list_audit", "refused"))

        before = admin.get("/api/v1/audit/verification")
        self.assertTrue(before["is_whole"], before)
        self.server.kill()
        code, whole = self.verify()
        self.assertEqual((code, whole["fault"]), (0, None))
        self.assertGreaterEqual(whole["entries"], before["entries"])
        self.server.start()
        admin = self.server.api("admin")
        self.assertTrue(admin.get("/api/v1/audit/verification")["is_whole"])
        # The end is signed when the server stops, so that nothing can be cut off it afterwards.
        self.server.stop()
        code, whole = self.verify()
        self.assertEqual((code, whole["unsealed"]), (0, 0))

        number = seen[0]["number"]
        with self.database() as db:
            with self.assertRaises(sqlite3.IntegrityError):
                db.execute("UPDATE audit_entry SET actor_id = 'nobody' WHERE number = ?", (number,))
            db.executescript("DROP TRIGGER audit_entry_unchanged; DROP TRIGGER audit_entry_kept")
            db.execute("UPDATE audit_entry SET actor_id = 'nobody' WHERE number = ?", (number,))
            db.commit()
        code, broken = self.verify()
        self.assertEqual((code, broken["fault"]), (1, {"kind": "changed", "number": number}))
        with self.database() as db:
            db.execute("DELETE FROM audit_entry WHERE number = ?", (number,))
            db.commit()
        self.assertEqual(self.verify()[1]["fault"], {"kind": "missing", "number": number})
        with self.database() as db:
            db.execute("DELETE FROM audit_entry WHERE number >= ?", (number,))
            db.commit()
        self.assertEqual(self.verify()[1]["fault"], {"kind": "truncated", "number": number})
