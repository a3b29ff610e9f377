"""What nobody should send: every message is answered rightly or ignored, counted, and changes nothing."""

import random

from harness.case import Case
from harness.sip_message import Message, sdp, token
from harness.waiting import Late


def request(phone, method="INVITE", drop=(), change=None, body="", extra=(), uri=None):
    """A request with headers left out or changed; octets."""
    uri = uri or f"sip:100@{phone.domain}"
    headers = [
        ("Via", phone.via()), ("Max-Forwards", "70"), ("From", f"<sip:+349111112233@{phone.domain}>;tag={token()}"),
        ("To", f"<{uri}>"), ("Call-ID", token(8)), ("CSeq", f"1 {method}"), ("Contact", phone.contact),
    ]
    change = change or {}
    headers = [(n, change.get(n, v)) for n, v in headers if n not in drop] + list(extra)
    return Message(f"{method} {uri} SIP/2.0", headers, body)


class Torture(Case):
    leave_deadline_s = 50  # some rubbish is a fine INVITE; unacknowledged, it ends after 64*T1

    def setUp(self):
        self.rude = self.caller()

    def status_of(self, message, deadline_s=5):
        """The final status, or None when the server keeps silent."""
        self.rude.transmit(message)
        try:
            return self.rude.answer_to(message.call_id, message.cseq, deadline_s).status
        except Late:
            return None

    def still_alive(self):
        self.assertEqual(self.caller().options().status, 200)

    def test_a_missing_header_that_is_mandatory_is_a_bad_request(self):
        for name in ("From", "To", "CSeq", "Call-ID"):
            with self.subTest(name):
                message = request(self.rude, "OPTIONS", drop=(name,))
                self.rude.transmit(message)
        self.still_alive()

    def test_a_cseq_of_another_method_is_a_bad_request(self):
        self.assertEqual(self.status_of(request(self.rude, "OPTIONS", change={"CSeq": "1 INVITE"})), 400)

    def test_max_forwards_of_zero_is_too_many_hops(self):
        self.assertIn(self.status_of(request(self.rude, "OPTIONS", change={"Max-Forwards": "0"})), (200, 483))
        self.assertEqual(self.status_of(request(self.rude, "INVITE", change={"Max-Forwards": "0"}, body="")), 483)

    def test_an_extension_we_do_not_have_is_named(self):
        message = request(self.rude, "INVITE", extra=[("Require", "nothingSupportsThis")])
        self.rude.transmit(message)
        answer = self.rude.answer_to(message.call_id, 1, 5)
        self.assertEqual(answer.status, 420)
        self.assertIn("nothingSupportsThis", answer.get("Unsupported"))

    def test_a_scheme_we_do_not_speak_is_refused(self):
        message = request(self.rude, "OPTIONS", uri="nobodyKnowsThisScheme:totallyopaque")
        self.assertEqual(self.status_of(message), 416)

    def test_a_body_we_cannot_read_is_refused(self):
        message = request(self.rude, "INVITE", body="<?xml?>", extra=[("Content-Type", "application/nonsense")])
        self.assertEqual(self.status_of(message), 415)

    def test_an_offer_that_is_not_sdp_is_refused(self):
        message = request(self.rude, "INVITE", body="this is no sdp\r\n", extra=[("Content-Type", "application/sdp")])
        self.assertIn(self.status_of(message), (400, 488))

    def test_a_datagram_shorter_than_its_length_is_not_taken(self):
        octets = request(self.rude, "INVITE", body=sdp("127.0.0.1", 4000), extra=[("Content-Type", "application/sdp")]).encode()
        self.rude.send_raw(octets[: len(octets) - 60])
        self.still_alive()

    def test_oversized_headers_are_refused_or_dropped(self):
        for size in (2_000, 8_000, 30_000, 60_000):
            with self.subTest(size):
                self.rude.send_raw(request(self.rude, "OPTIONS", extra=[("Subject", "x" * size)]).encode())
        self.rude.send_raw(request(self.rude, "OPTIONS", extra=[(f"X-{i}", "y") for i in range(2000)]).encode())
        self.still_alive()

    def test_a_tcp_peer_that_never_ends_its_headers_is_cut_off(self):
        phone = self.caller(transport="tcp")
        phone.send_raw(b"OPTIONS sip:x SIP/2.0\r\n")
        try:
            for _ in range(400):
                phone.send_raw(b"X-Endless: " + b"z" * 1000 + b"\r\n")
        except OSError:
            pass  # cut off, as it should
        self.still_alive()

    def test_a_tcp_message_in_pieces_is_put_together(self):
        phone = self.caller(transport="tcp")
        message = request(phone, "OPTIONS")
        octets = b"\r\n\r\n" + message.encode()
        for i in range(0, len(octets), 7):
            phone.send_raw(octets[i:i + 7])
        self.assertEqual(phone.answer_to(message.call_id, 1, 5).status, 200)

    def test_two_tcp_messages_in_one_piece_are_both_answered(self):
        phone = self.caller(transport="tcp")
        first, second = request(phone, "OPTIONS"), request(phone, "OPTIONS")
        phone.send_raw(first.encode() + second.encode())
        for message in (first, second):
            self.assertEqual(phone.answer_to(message.call_id, 1, 5).status, 200)

    def test_legal_but_strange_headers_are_understood(self):
        """After RFC 4475 3.1.1.1: folding, short names, odd case and spaces."""
        octets = (
            f"OPTIONS sip:{self.rude.domain} SIP/2.0\r\n"
            f"v: SIP  / 2.0  / UDP\r\n   127.0.0.1:{self.rude.port};branch= z9hG4bK{token()};rport\r\n"
            "mAX-fORWARDS : 0068\r\n"
            "f:\r\n \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag=98asjd8\r\n"
            f"TO :\r\n sip:{self.rude.domain}\r\n"
            "i: strange-but-legal@127.0.0.1\r\n"
            "cseq: 0009\r\n  OPTIONS\r\n"
            "Unknown: a ; b = c , %%d\r\n"
            "l: 0\r\n\r\n"
        ).encode()
        self.rude.send_raw(octets)
        self.assertEqual(self.rude.answer_to("strange-but-legal@127.0.0.1", 9, 5).status, 200)

    def test_rubbish_changes_nothing(self):
        rng = random.Random(4475)
        whole = request(self.rude, "INVITE", body=sdp("127.0.0.1", 4000), extra=[("Content-Type", "application/sdp")]).encode()
        for _ in range(500):
            octets = bytearray(whole)
            for _ in range(rng.randint(1, 12)):
                octets[rng.randrange(len(octets))] = rng.randrange(256)
            if rng.random() < 0.3:
                del octets[rng.randrange(len(octets)):]
            self.rude.send_raw(bytes(octets) or b"\0")
        for _ in range(100):
            self.rude.send_raw(rng.randbytes(rng.randint(1, 1400)))
        self.still_alive()

    def test_a_cancel_of_nothing_gets_481(self):
        self.assertEqual(self.status_of(request(self.rude, "CANCEL")), 481)

    def test_a_bye_of_nothing_gets_481(self):
        self.assertEqual(self.status_of(request(self.rude, "BYE", change={"To": f"<sip:100@{self.rude.domain}>;tag=none"})), 481)

    def test_answers_to_nothing_are_ignored(self):
        self.rude.send_raw(Message("SIP/2.0 200 OK", [("Via", self.rude.via()), ("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>;tag=2"), ("Call-ID", "x"), ("CSeq", "1 INVITE")]).encode())
        self.still_alive()
