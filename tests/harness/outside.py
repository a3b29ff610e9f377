"""The demo company with two carriers for calls to the outside world, and what its agents may call."""

import os
import tempfile

from harness import company, rtp
from harness.case import Case
from harness.gateway import Gateway
from harness.server import Server

ACCOUNT, PASSWORD = "400", "sesame-of-the-carrier"
OUTSIDE_HZ = 880
NUMBER, WRITTEN = "+34600123456", "600 12 34 56"


class Outside(Case):
    """Two carriers, which are tried in this order; a number that does not answer in `ring_s` has not answered."""

    ring_s = 5

    rules = """allow = ["+346", "+347"]
deny = ["+34699"]
calls_max = 5
"""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)

        def with_trunks(document):
            document["trunks"] = [{"name": "acme", "cidrs": "127.0.0.0/8"}, {"name": "beta", "cidrs": "127.0.0.3/32"}]

        cls.server = Server(os.path.join(cls.folder.name, "data"))
        cls.open_carriers()
        cls.server.extra = ["--demo-files", company.write(cls.folder.name, {}, with_trunks), "--config", cls.configuration()]
        os.mkdir(cls.server.data)
        cls.server.start()

    @classmethod
    def open_carriers(cls):
        cls.acme = Gateway(cls.server.sip, ACCOUNT, PASSWORD, sound=rtp.tone(OUTSIDE_HZ))
        cls.beta = Gateway(cls.server.sip, ACCOUNT, PASSWORD, sound=rtp.tone(OUTSIDE_HZ))
        cls.addClassCleanup(cls.acme.close)
        cls.addClassCleanup(cls.beta.close)

    @classmethod
    def configuration(cls):
        password, path = os.path.join(cls.folder.name, "password"), os.path.join(cls.folder.name, "escucha.toml")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        with open(path, "w", encoding="utf-8") as file:
            for name, port in (("acme", cls.acme.port), ("beta", cls.beta.port)):
                file.write(
                    f'[trunks.{name}]\nserver = "127.0.0.1:{port}"\nregister = false\nuser = "{ACCOUNT}"\npassword_file = "{password}"\n'
                    f'options_interval_s = 0\ncaller_id = "+34910000100"\n{cls.of_trunk(name)}'
                )
            file.write(f'[outside.luz-del-valle]\ntrunks = ["acme", "beta"]\nring_s = {cls.ring_s}\n{cls.rules}')
        return path

    @classmethod
    def of_trunk(cls, name):
        return ""

    def setUp(self):
        for each in (self.acme, self.beta):
            each.refuses_with, each.is_dead = None, False
            each.incoming.clear()

    def pass_on(self, page, number=WRITTEN):
        page.act("transfer", {"to_number": number})

    def journal(self, contact_id, kind):
        events = self.server.api("sofia").get(f"/api/v1/contacts/{contact_id}")["events"]
        return [event["data"] for event in events if event["type"] == kind]
