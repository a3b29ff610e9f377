"""SIP over TLS: who is let in, whole calls, a certificate that is renewed."""

import os
import shutil
import signal
import socket
import ssl
import unittest

from harness.case import OverTls
from harness.demo import phone_password
from harness.phone import Phone
from harness.waiting import until


class WithPhones(OverTls):
    def tls_phone(self, user, own=None):
        return self._closed(Phone(self.tls_address, user, phone_password(user), "tls", tls=(self.authority.certificate, own)))


class Calls(WithPhones):
    def test_a_phone_registers_and_its_agent_talks(self):
        phone = self.tls_phone("ana")
        self.assertEqual(phone.register().status, 200)
        page = self.page("ana")
        page.be_ready()
        call, _ = self.to_queue()
        ringing = phone.wait_incoming(20)
        self.assertIn("SIP/2.0/TLS", ringing.invite.get("Via"))
        self.assertIn(f"127.0.0.1:{self.tls_address[1]};transport=tls", ringing.invite.get("Contact"))
        ringing.answer()
        page.stream.wait_type("contact_connected", contact_id=call.contact_id)
        call.hang_up()
        ringing.wait_ended()
        self.finish(page)
        self.assertEqual(phone.register(expires_s=0).status, 200)

    def test_a_caller_comes_in_over_tls(self):
        caller = self._closed(Phone(self.tls_address, "+34911222333", transport="tls", tls=(self.authority.certificate,)))
        call = caller.call("100")
        self.assertEqual(call.wait_final().status, 200)
        call.hang_up()

    def test_what_is_no_tls_is_dropped_and_old_versions_are_refused(self):
        with socket.create_connection(self.tls_address, timeout=5) as plain:
            plain.sendall(b"OPTIONS sip:100@127.0.0.1 SIP/2.0\r\n\r\n")
            until(lambda: self.is_over(plain), 10, "the connection to be closed")
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        with socket.create_connection(self.tls_address, timeout=5) as old, self.assertRaises(OSError):
            context.wrap_socket(old, server_hostname="127.0.0.1")

    @staticmethod
    def is_over(connection):
        try:
            return connection.recv(100) == b""
        except ConnectionResetError:
            return True

    def test_a_renewed_certificate_is_taken_without_a_restart(self):
        certificate, key = self.authority.issue("renewed")
        shutil.copy(certificate, self.certificate)
        shutil.copy(key, self.key)
        os.kill(self.server.process.pid, signal.SIGHUP)
        until(lambda: self.name_of_server() == "renewed", 10, "the new certificate")

    def name_of_server(self):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with context.wrap_socket(socket.create_connection(self.tls_address, timeout=5), server_hostname="127.0.0.1") as secure:
            subject = dict(pair[0] for pair in secure.getpeercert()["subject"])
        return subject["commonName"]


class Mutual(WithPhones):
    demanding = True

    def test_only_a_phone_with_a_certificate_is_let_in(self):
        phone = self.tls_phone("luis", self.authority.issue("luis"))
        self.assertEqual(phone.register().status, 200)
        self.assertEqual(phone.register(expires_s=0).status, 200)
        before = self.server.metrics()["escucha_sip_tls_refused_total"]
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with self.assertRaises(OSError):  # in TLS 1.3 a client learns of it when it reads
            with context.wrap_socket(socket.create_connection(self.tls_address, timeout=5), server_hostname="127.0.0.1") as nobody:
                nobody.recv(1)
        until(lambda: self.server.metrics()["escucha_sip_tls_refused_total"] == before + 1, 5, "the refusal to be counted")


if __name__ == "__main__":
    unittest.main()
