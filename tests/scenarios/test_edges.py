"""The door for pages and programs: HTTPS and WSS, who asks too often, who is slow or malicious."""

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from harness.case import Case, OverHttps
from harness.demo import demo_password
from harness.server import programs
from harness.waiting import until


def curl(*words):
    """(status, head and body) as the real one sees it."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--include", "--max-time", "10", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


class Https(OverHttps):
    def url(self, path):
        return f"https://127.0.0.1:{self.server.http_port}{path}"

    def handshake(self, **options):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        for name, value in options.items():
            if callable(getattr(context, name)):
                getattr(context, name)(value)
            else:
                setattr(context, name, value)
        with socket.create_connection((self.server.host, self.server.http_port), timeout=5) as plain:
            return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def serial(self):
        return self.handshake().getpeercert()["serialNumber"]

    def hears_of_itself(self, page):
        """Commands go and events come."""
        page.stream.wait_for(
            lambda f: f["type"] == "agent_state_changed" and f["agent_id"] == page.agent_id and f["data"]["state"] == "not_ready", 10, "the shift"
        )

    def test_curl_gets_the_pages_and_is_told_to_come_by_https_from_now_on(self):
        for version in (["--tlsv1.3"], ["--tls-max", "1.2"]):
            code, answer = curl("--cacert", self.authority.certificate, *version, self.url("/desk"))
            self.assertEqual(code, 0, answer)
            self.assertTrue(answer.startswith("HTTP/1.1 200"), answer)
            self.assertIn("Strict-Transport-Security: max-age=31536000", answer)
            self.assertIn("style-src 'self';", answer)
            self.assertNotIn("unsafe", answer)
        self.assertEqual(curl(self.url("/desk"))[0], 60, "a certificate nobody vouches for is not accepted")

    def test_an_agent_works_over_https_and_wss(self):
        page = self.page("ana")
        self.assertTrue(page.cookie.startswith("__Host-escucha_session="))
        page.be_ready()
        self.hears_of_itself(page)

    def test_old_versions_and_protocols_of_others_are_refused(self):
        with self.assertRaises(OSError):
            self.handshake(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1, set_ciphers="DEFAULT@SECLEVEL=0")
        with self.assertRaises(OSError):
            self.handshake(set_alpn_protocols=["sip"])
        with self.assertRaises(OSError):
            self.handshake(maximum_version=ssl.TLSVersion.TLSv1_2, set_ciphers="AES256-SHA:AES128-GCM-SHA256")
        self.assertEqual(self.handshake(set_alpn_protocols=["h2", "http/1.1"]).selected_alpn_protocol(), "http/1.1")

    def test_the_plain_port_only_sends_to_the_other(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.redirect_port, timeout=5)
        connection.request("POST", "/api/v1/session?a=b", b"{}")
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.getheader("Location")), (308, self.url("/api/v1/session?a=b")))
        connection.close()

    def test_a_renewed_certificate_is_taken_at_sighup_and_streams_go_on(self):
        page = self.page("luis")
        before = self.serial()
        certificate, key = self.authority.issue("renewed")
        shutil.copy(certificate, self.certificate)
        shutil.copy(key, self.key)
        self.assertEqual(self.serial(), before)
        os.kill(self.server.process.pid, signal.SIGHUP)
        until(lambda: self.serial() != before, 10, "the new certificate")
        page.be_ready()
        self.hears_of_itself(page)

    def test_escuchactl_knows_its_own_server_and_no_other(self):
        def ask(*words):
            return subprocess.run([os.path.join(programs(), "escuchactl"), *words, "status"], capture_output=True, text=True, timeout=20, check=False)

        config = os.path.join(self.server.data, "escucha.toml")
        port = self.server.http_port
        with open(config, encoding="utf-8") as file:
            settings = file.read()
        own = os.path.join(self.server.data, "own.toml")
        with open(own, "w", encoding="utf-8") as file:
            file.write(f"{settings}\n[listen]\nhttp_port = {port}\n")
        self.assertEqual(ask("--config", own, "--data", self.server.data).returncode, 0)
        by_url = ("--data", self.server.data, "--url", self.url(""))
        self.assertEqual(ask(*by_url, "--ca", self.authority.certificate).returncode, 0)
        self.assertEqual(ask(*by_url).returncode, 3)


class Rates(Case):
    settings = """
        [http]
        address_per_s = 100
        address_burst = 400
        session_per_s = 1
        session_burst = 20
        sign_in_per_min = 6
        sign_in_burst = 4
        connections_per_address = 60
        fronts = "127.0.0.1"
    """

    def test_a_session_that_asks_too_often_is_told_when_to_come_back_and_others_are_not(self):
        hasty, calm = self.from_site("198.51.100.1"), self.from_site("198.51.100.2")
        hasty.sign_in("ana", demo_password("ana"))
        calm.sign_in("luis", demo_password("luis"))
        statuses = [hasty.raw("GET", "/api/v1/me", headers={"Cookie": hasty.cookie, **hasty.forwarded})[0] for _ in range(40)]
        self.assertEqual(statuses[0], 200)
        self.assertEqual(statuses[-1], 429)
        status, headers, _ = hasty.raw("GET", "/api/v1/me", headers={"Cookie": hasty.cookie, **hasty.forwarded})
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        self.assertTrue(calm.get("/api/v1/me"))

    def test_guessing_of_passwords_from_one_address_is_slowed_for_all_accounts(self):
        guesser = self.from_site("198.51.100.9")
        codes = []
        for number in range(6):
            answer = guesser.request("POST", "/api/v1/session", {"login": f"nobody{number}", "password": "a-guess-of-mine"}, expect=429 if number >= 4 else 401)
            codes.append(answer["code"])
        self.assertEqual(codes[3:], ["bad_credentials", "too_many_requests", "too_many_requests"])
        self.from_site("198.51.100.10").sign_in("marta", demo_password("marta"))

    def test_a_flood_from_many_addresses_leaves_room_for_the_honest(self):
        flood = self.server.api()
        for number in range(3000):
            flood.raw("GET", "/healthz", headers={"X-Forwarded-For": f"203.0.{number // 250}.{number % 250}"})
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            resident_kb = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        self.assertLess(resident_kb, 400_000)
        self.assertEqual(self.from_site("198.51.100.77").raw("GET", "/healthz")[0], 200)

    def from_site(self, address):
        """The API as a browser at this address reaches it through the front."""
        api = self.server.api()
        api.forwarded = {"X-Forwarded-For": address}
        whole = api.request
        api.request = lambda method, path, body=None, headers=None, expect=None: whole(method, path, body, {**api.forwarded, **(headers or {})}, expect)
        return api


class Plain(unittest.TestCase):
    def test_beyond_this_machine_the_server_does_not_start_without_encryption_and_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as data:
            ended = subprocess.run(
                [os.path.join(programs(), "escuchad"), "--data", data, "--bind", "0.0.0.0", "--advertise", "127.0.0.1"],
                capture_output=True, text=True, timeout=20, check=False,
            )
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--https-certificate", ended.stderr)


class Hostile(Case):
    settings = "[http]\nconnections_per_address = 60\n"

    def send(self, octets):
        """What the server says until it hangs up."""
        with socket.create_connection((self.server.host, self.server.http_port), timeout=15) as peer:
            peer.settimeout(15)
            out = b""
            try:
                peer.sendall(octets)
                while part := peer.recv(65536):
                    out += part
            except (ConnectionResetError, BrokenPipeError):
                pass
            return out

    def test_a_request_hidden_in_another_is_not_served(self):
        hidden = b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
        for fields in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5\r\nContent-Length: 0\r\n",
                       b"Transfer-Encoding: identity, chunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Content-Length: 5, 5\r\n"):
            answer = self.send(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n0\r\n\r\n" + hidden)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400"), (fields, answer[:80]))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, fields)

    def test_slow_openers_of_connections_take_no_room_from_others(self):
        slow = [socket.create_connection((self.server.host, self.server.http_port), timeout=5) for _ in range(60)]
        self.addCleanup(lambda: [peer.close() for peer in slow])
        for peer in slow:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow:")
        self.assertTrue(self.send(b"").startswith(b"HTTP/1.1 503"), "this address is full")
        # After the header's time they are gone, without an answer, and there is room.
        until(lambda: self.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200"), 25, "room again")

    def test_no_folder_is_listed_and_nothing_outside_is_served(self):
        for path in (b"/assets/../../../../etc/passwd", b"/%2e%2e/%2e%2e/escuchactl.token", b"/..%2f..%2fescuchactl.token", b"/assets/%2e%2e%5cx.js",
                     b"/.git/config.txt", b"//etc/passwd.txt", b"/assets/x%00.js"):
            answer = self.send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), (path, answer[:60]))
        page = self.send(b"GET /assets/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn(b'<div id="root">', page)
        self.assertNotIn(b".js.gz", page)
