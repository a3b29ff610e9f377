"""Carriers that we register at: calls come in to our Contact, and what dies is seen and replaced."""

import os
import socket
import subprocess
import tempfile
import unittest

from harness import company
from harness.carrier import Carrier
from harness.case import Case
from harness.name_server import A, NameServer, SRV, srv
from harness.server import Server, programs
from harness.waiting import stays, until

ACCOUNT, PASSWORD = "400", "sesame-of-the-carrier"


class AtCarrier(Case):
    """The carrier's two servers are told by SRV records; its calls come from addresses that no trunk names."""

    carrier_password = PASSWORD

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="escucha-test-")
        cls.addClassCleanup(cls.folder.cleanup)

        def with_trunk(document):
            document["trunks"] = [{"name": "acme", "cidrs": "127.0.0.2/32"}]

        cls.server = Server(os.path.join(cls.folder.name, "data"))
        cls.first = Carrier(cls.server.sip, ACCOUNT, cls.carrier_password, grants_s=8)
        cls.second = Carrier(cls.server.sip, ACCOUNT, cls.carrier_password, grants_s=60)
        cls.names = NameServer({
            ("_sip._udp.carrier.test", SRV): [srv(20, cls.second.port, "b.carrier.test"), srv(10, cls.first.port, "a.carrier.test")],
            ("a.carrier.test", A): [socket.inet_aton("127.0.0.1")],
            ("b.carrier.test", A): [socket.inet_aton("127.0.0.1")],
        })
        for each in (cls.first, cls.second, cls.names):
            cls.addClassCleanup(each.close)
        cls.server.extra = ["--demo-files", company.write(cls.folder.name, {}, with_trunk), "--config", cls.configuration()]
        os.mkdir(cls.server.data)
        cls.server.start()

    @classmethod
    def configuration(cls):
        password, path = os.path.join(cls.folder.name, "password"), os.path.join(cls.folder.name, "escucha.toml")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f'[dns]\nservers = "{cls.names.address}"\n[trunks.acme]\nserver = "carrier.test"\nuser = "{ACCOUNT}"\n'
                f'password_file = "{password}"\noptions_interval_s = 1\nexpires_s = 60\n'
            )
        return path

    def metric(self, name):
        return self.server.metrics().get(f'escucha_trunk_{name}{{trunk="acme"}}')

    def trunk_list(self):
        ended = subprocess.run(
            [os.path.join(programs(), "escuchactl"), "--data", self.server.data, "--url", f"http://127.0.0.1:{self.server.http_port}", "trunk", "list"],
            capture_output=True, text=True, timeout=20, check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def log(self):
        with open(self.server.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()


class Registered(AtCarrier):
    def test_a_carrier_calls_us_dies_is_replaced_and_comes_back(self):
        until(lambda: self.metric("registered") == 1 and self.metric("reachable") == 1, 15, "the registration")
        self.assertEqual(self.first.refused, [])
        self.assertEqual(self.second.registered, [])
        until(lambda: len(self.first.registered) >= 2, 15, "the refresh before eight seconds are over")
        self.assertIn(f"127.0.0.1:{self.first.port}", self.trunk_list())

        call = self.first.call_contact("100")
        call.wait_answered()
        call.wait_sound(15)
        call.hang_up()

        self.first.is_dead = True
        until(lambda: self.second.registered, 30, "the second server to take over")
        until(lambda: f"127.0.0.1:{self.second.port}" in self.trunk_list(), 10, "the list to say so")
        self.assertEqual(self.metric("reachable"), 1)
        call = self.second.call_contact("100")
        call.wait_answered()
        call.hang_up()

        self.second.is_dead = True
        until(lambda: self.metric("reachable") == 0 and self.metric("registered") == 0, 40, "the carrier to be seen dead")
        self.assertIn("no answer", self.trunk_list())
        self.assertIn("trunk_unreachable", self.log())

        before = len(self.first.registered)
        self.first.is_dead = False
        until(lambda: len(self.first.registered) > before and self.metric("registered") == 1, 30, "the first server again")

        self.server.stop()
        self.assertEqual(self.first.registered[-1].get("Expires"), "0")


class WrongPassword(AtCarrier):
    carrier_password = "another"

    def test_a_wrong_password_is_told_and_not_tried_again(self):
        until(lambda: "wrong user or password" in self.trunk_list(), 15, "the refusal to be told")
        self.assertEqual(self.metric("registered"), 0)
        self.assertEqual(self.metric("reachable"), 1)
        self.assertIn("trunk_not_registered", self.log())
        self.assertNotIn(PASSWORD, self.log())
        stays(lambda: len(self.first.refused) == 1, 2, "it was tried once")


if __name__ == "__main__":
    unittest.main()
