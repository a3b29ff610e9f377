"""A SIP phone driven by a scenario: calls, is called, holds, hangs up, and can be as odd as it likes.

It is a user agent of its own (not the product's code), so that both ends cannot share a mistake.
"""

import socket
import threading
import time

from harness import rtp, sip_message
from harness.sip_message import Description, Message, sdp, tag_of, token, uri_of
from harness.tls import TlsSocket
from harness.waiting import Late

T1_S = 0.5


class Call:
    """One INVITE dialog, either way. `log` holds ("in"|"out", message) in order."""

    def __init__(self, phone, call_id, local, remote, target):
        self.phone = phone
        self.call_id = call_id
        self.local, self.remote, self.target = local, remote, target
        self.routes = []
        self.cseq = 0
        self.log = []
        self.invite = None  # the last INVITE sent or received
        self.stream = phone.new_stream()
        self.sdp_version = 1
        self.peer = None  # Description of the peer's last SDP
        self.ended_by = None  # "us" or "them"
        self.rung_at = self.answered_at = self.ended_at = None
        self.auto_answer_reinvite = True

    # -- what a scenario waits for

    def wait(self, condition, deadline_s, what):
        end = time.monotonic() + deadline_s
        with self.phone.changed:
            while True:
                value = condition()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"after {deadline_s} s still waiting for {what}; the call so far:\n{self.ladder()}")
                self.phone.changed.wait(left)

    def wait_final(self, deadline_s=10, method="INVITE"):
        return self.wait(lambda: self.final(method), deadline_s, f"the final answer to {method}")

    def wait_answered(self, deadline_s=10):
        answer = self.wait_final(deadline_s)
        assert answer.status == 200, f"the call was answered {answer.first}"
        return answer

    def wait_ended(self, deadline_s=10):
        self.wait(lambda: self.ended_by, deadline_s, "the end of the call")

    def wait_sound(self, deadline_s=10, threshold_dbfs=-45.0, span_s=0.4, since=0.0):
        """Until the last `span_s` of what is heard after `since` is louder than the threshold."""

        def loud():
            samples = self.stream.samples(max(since, time.monotonic() - span_s))
            return len(samples) >= span_s * rtp.RATE_HZ * 0.5 and rtp.level_dbfs(samples) > threshold_dbfs

        self.wait_audio(loud, deadline_s, "sound")

    def wait_tone(self, frequency_hz, deadline_s=10, share=0.6):
        def heard():
            samples = self.stream.samples(time.monotonic() - 0.4)
            return len(samples) > 1200 and rtp.share_of(samples, frequency_hz) > share

        self.wait_audio(heard, deadline_s, f"a tone of {frequency_hz} Hz")

    def wait_music(self, not_hz, deadline_s=10):
        """Sound in which the other party's tone is not."""

        def music():
            samples = self.stream.samples(time.monotonic() - 0.4)
            return len(samples) > 2400 and rtp.share_of(samples, not_hz) < 0.1 and rtp.level_dbfs(samples) > -50

        self.wait_audio(music, deadline_s, "music")

    def wait_audio(self, condition, deadline_s, what):
        end = time.monotonic() + deadline_s
        while not condition():
            if self.ended_by or time.monotonic() > end:
                raise Late(f"did not hear {what} within {deadline_s} s (ended by {self.ended_by}):\n{self.ladder()}")
            with self.phone.changed:
                self.phone.changed.wait(0.05)

    def final(self, method="INVITE"):
        """The final answer to the last request of that kind that we sent."""
        cseq = max((m.cseq for way, m in list(self.log) if way == "out" and not m.is_response and m.method == method), default=None)
        for way, message in list(self.log):
            if way == "in" and message.is_response and message.method == method and message.cseq == cseq and message.status >= 200:
                return message
        return None

    def received(self, method):
        return [m for way, m in list(self.log) if way == "in" and not m.is_response and m.method == method]

    def provisional(self):
        return [m.status for way, m in list(self.log) if way == "in" and m.is_response and m.status < 200]

    def ladder(self):
        return "\n".join(f"  {'<--' if way == 'in' else '-->'} {message.first}" for way, message in list(self.log))

    # -- what a scenario does

    def press(self, digits, **options):
        self.stream.press(digits, **options)
        self.wait_audio(lambda: not self.stream.is_pressing(), 1 + len(digits), "our own keys going out")

    def request(self, method, headers=(), body=""):
        """Sends a request inside the dialog and returns it."""
        self.cseq += 1
        return self._send_request(method, self.cseq, headers, body)

    def hang_up(self, deadline_s=5):
        """BYE when answered, CANCEL before."""
        if self.ended_by:
            return
        if self.answered_at is None and self.invite is not None and self.is_ours:
            self.cancel()
            self.wait_final(deadline_s)
            return
        self.ended_by, self.ended_at = "us", time.monotonic()
        self.request("BYE")
        self.wait(lambda: self.final("BYE"), deadline_s, "the answer to BYE")
        self.stream.send_to(None, 0)

    def cancel(self):
        headers = [(n, v) for n, v in self.invite.headers if n.lower() in ("via", "from", "to", "call-id", "max-forwards", "route")]
        message = Message(f"CANCEL {self.invite.first.split()[1]} SIP/2.0", headers + [("CSeq", f"{self.invite.cseq} CANCEL")])
        self._transmit(message)

    def reinvite(self, direction="sendrecv", deadline_s=5, body=None):
        """A re-INVITE with that direction; returns the peer's Description."""
        self.sdp_version += 1
        body = sdp(self.phone.host, self.stream.port, direction, version=self.sdp_version) if body is None else body
        self.invite = self.request("INVITE", [("Contact", self.phone.contact), ("Content-Type", "application/sdp")] if body else [("Contact", self.phone.contact)], body)
        answer = self.wait_final(deadline_s)
        if answer.status == 200:
            self._learn(answer)
        return answer

    def prove(self):
        """Answers the challenge to our INVITE: the same once more, with the digest."""
        challenge = self.final().get("WWW-Authenticate")
        proof = sip_message.digest_answer(challenge, "INVITE", self.target, self.phone.user, self.phone.password)
        kept = [(n, v) for n, v in self.invite.headers if n.lower() in ("contact", "allow", "content-type", "replaces")]
        with self.phone.changed:
            self.invite = self.request("INVITE", [*kept, ("Authorization", proof)], self.invite.body)

    def replaced_by(self):
        """What others write into Replaces to name this call to the peer (RFC 3891): the peer's tag first."""
        return f"{self.call_id};to-tag={tag_of(self.remote)};from-tag={tag_of(self.local)}"

    # -- being called

    def ring(self, status="180 Ringing"):
        self._transmit(self._response(self.invite, status))

    def progress(self, status="183 Session Progress"):
        """Ringing with sound: our own is heard before the answer."""
        headers = [("Contact", self.phone.contact), ("Content-Type", "application/sdp")]
        self._transmit(self._response(self.invite, status, headers, sdp(self.phone.host, self.stream.port)))

    def answer(self, body=None, headers=()):
        self.answered_at = time.monotonic()
        if body is None:
            body = sdp(self.phone.host, self.stream.port)
        self._ok = self._response(self.invite, "200 OK", [("Contact", self.phone.contact), ("Content-Type", "application/sdp"), *headers], body)
        self._transmit(self._ok)

    def reject(self, status="486 Busy Here", headers=()):
        self.ended_by, self.ended_at = "us", time.monotonic()
        self._transmit(self._response(self.invite, status, headers))

    # -- the machinery

    def _transmit(self, message):
        self.log.append(("out", message))
        self.phone.transmit(message)

    def _send_request(self, method, cseq, headers=(), body=""):
        message = Message(
            f"{method} {self.target} SIP/2.0",
            [("Via", self.phone.via()), ("Max-Forwards", "70"), ("From", self.local), ("To", self.remote),
             ("Call-ID", self.call_id), ("CSeq", f"{cseq} {method}")] + [("Route", r) for r in self.routes] + list(headers),
            body,
        )
        self._transmit(message)
        return message

    def _response(self, request, status, headers=(), body=""):
        copied = [(n, v) for n, v in request.headers if n.lower() in ("via", "v", "from", "f", "call-id", "i", "cseq", "record-route")]
        to = request.get("To")
        if not tag_of(to) and not status.startswith("100"):
            to += f";tag={tag_of(self.local)}"
        return Message(f"SIP/2.0 {status}", copied + [("To", to)] + list(headers), body)

    def _learn(self, message):
        contact = message.get("Contact")
        if contact:
            self.target = uri_of(contact)
        if message.body:
            self.peer = Description(message.body)
            sends = self.peer.direction in ("sendrecv", "recvonly")
            self.stream.send_to(self.peer.host, self.peer.port)
            self.stream.is_sending = sends

    def _on_response(self, message):
        if message.method == "INVITE" and message.status == 180 and self.rung_at is None:
            self.rung_at = time.monotonic()
        if message.method != "INVITE" or message.status < 200:
            return
        if message.status < 300:
            if not tag_of(self.remote):
                self.remote = message.get("To")
                self.routes = list(reversed(message.all("Record-Route")))
                self.answered_at = time.monotonic()
                self._learn(message)
            self._acknowledge(message)
        else:
            acknowledged = Message(
                f"ACK {self.invite.first.split()[1]} SIP/2.0",
                [(n, v) for n, v in self.invite.headers if n.lower() in ("via", "from", "call-id", "route", "max-forwards")]
                + [("To", message.get("To")), ("CSeq", f"{message.cseq} ACK")],
            )
            self._transmit(acknowledged)
            if self.answered_at is None and message.status not in (401, 407):
                self.ended_by, self.ended_at = "them", time.monotonic()

    def _acknowledge(self, message):
        headers, body = [], ""
        if self.invite is not None and not self.invite.body and message.body:  # our offerless INVITE: the answer goes in the ACK
            headers, body = [("Content-Type", "application/sdp")], sdp(self.phone.host, self.stream.port, payloads=(0, 101))
        if self.phone.acknowledges:
            self._send_request("ACK", message.cseq, headers, body)

    def _on_request(self, message):
        method = message.method
        if method == "ACK":
            if message.body:
                self._learn(message)
        elif method == "BYE":
            self.ended_by, self.ended_at = self.ended_by or "them", time.monotonic()
            self._transmit(self._response(message, "200 OK"))
            self.stream.send_to(None, 0)
        elif method == "CANCEL":
            self._transmit(self._response(message, "200 OK"))
            if self.answered_at is None and not self.ended_by:
                self.ended_by, self.ended_at = "them", time.monotonic()
                self._transmit(self._response(self.invite, "487 Request Terminated"))
        elif method == "INVITE" and self.auto_answer_reinvite:
            self.invite = message
            self._learn(message)
            mirrored = {"sendonly": "recvonly", "recvonly": "sendonly"}
            direction = self.peer.direction if message.body and self.peer else "sendrecv"
            self.sdp_version += 1
            self._transmit(self._response(
                message, "200 OK", [("Contact", self.phone.contact), ("Content-Type", "application/sdp")],
                sdp(self.phone.host, self.stream.port, mirrored.get(direction, direction), version=self.sdp_version),
            ))
        elif method != "INVITE":
            self._transmit(self._response(message, "200 OK"))


class Phone:
    """A socket of its own, over UDP, TCP or TLS (then `tls` is what TlsSocket wants). Every call it made or took is in `calls`."""

    def __init__(self, server, user="caller", password="", transport="udp", sound=rtp.SILENCE, tls=()):
        self.server_host, self.server_port = server
        self.host = "127.0.0.1"
        self.user, self.password, self.transport, self.sound = user, password, transport, sound
        self.acknowledges = True
        self._socket = self._open(server, tls)
        self.port = self._socket.getsockname()[1]
        self.changed = threading.Condition()
        self.calls = {}
        self.incoming = []
        self.stray = []  # messages of no call: answers to REGISTER and OPTIONS
        self._arrived = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _open(self, server, tls):
        if self.transport == "tls":
            return TlsSocket(server, *tls)
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if self.transport == "udp" else socket.SOCK_STREAM)
        if self.transport == "udp":
            opened.bind((self.host, 0))
        else:
            opened.connect(server)
        opened.settimeout(0.2)
        return opened

    @property
    def domain(self):
        return f"{self.server_host}:{self.server_port}"

    @property
    def contact(self):
        suffix = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"<sip:{self.user}@{self.host}:{self.port}{suffix}>"

    def new_stream(self):
        """The sound of one call."""
        return rtp.Stream(self.host, self.sound)

    def via(self):
        return f"SIP/2.0/{self.transport.upper()} {self.host}:{self.port};branch=z9hG4bK{token()};rport"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def is_closed(self):
        return self._closed.is_set()

    def close(self):
        if self.is_closed:
            return
        for call in list(self.calls.values()):
            call.stream.close()
        self._closed.set()
        self._thread.join()
        self._socket.close()

    def call(self, number, caller=None, body=None, headers=(), offer=True, target=None, payloads=(0, 8, 101)):
        """Sends the INVITE and returns at once. `target` is the Request-URI, unless the number is dialled in it."""
        call_id = token(8)
        caller = caller or self.user
        call = Call(self, call_id, f"<sip:{caller}@{self.domain}>;tag={token()}", f"<sip:{number}@{self.domain}>", target or f"sip:{number}@{self.domain}")
        call.is_ours = True
        self.calls[call_id] = call
        if body is None:
            body = sdp(self.host, call.stream.port, payloads=payloads) if offer else ""
        kind = [("Content-Type", "application/sdp")] if body else []
        with self.changed:  # no answer is read before we know what it answers
            call.invite = call.request("INVITE", [("Contact", self.contact), ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"), *kind, *headers], body)
        return call

    def dial(self, number, deadline_s=5, **options):
        """A call of this registered phone's: the server asks who calls, and is told."""
        call = self.call(number, **options)
        answer = call.wait_final(deadline_s)
        assert answer.status == 401, f"the phone was not asked who it is: {answer.first}"
        call.prove()
        return call

    def register(self, expires_s=300, password=None, contact=None, deadline_s=5):
        """REGISTER, once more with the digest when challenged; returns the final response."""
        password = self.password if password is None else password
        call_id, uri = token(8), f"sip:{self.domain}"
        authorization = []
        for cseq in (1, 2):
            self.transmit(Message(
                f"REGISTER {uri} SIP/2.0",
                [("Via", self.via()), ("Max-Forwards", "70"), ("From", f"<sip:{self.user}@{self.domain}>;tag={token()}"),
                 ("To", f"<sip:{self.user}@{self.domain}>"), ("Call-ID", call_id), ("CSeq", f"{cseq} REGISTER"),
                 ("Contact", contact or self.contact), ("Expires", str(expires_s))] + authorization,
            ))
            answer = self.answer_to(call_id, cseq, deadline_s)
            if answer.status != 401:
                return answer
            challenge = answer.get("WWW-Authenticate")
            authorization = [("Authorization", sip_message.digest_answer(challenge, "REGISTER", uri, self.user, password))]
        return answer

    def options(self, uri=None, deadline_s=5):
        call_id = token(8)
        uri = uri or f"sip:{self.domain}"
        self.transmit(Message(
            f"OPTIONS {uri} SIP/2.0",
            [("Via", self.via()), ("Max-Forwards", "70"), ("From", f"<sip:{self.user}@{self.domain}>;tag={token()}"),
             ("To", f"<{uri}>"), ("Call-ID", call_id), ("CSeq", "1 OPTIONS"), ("Contact", self.contact)],
        ))
        return self.answer_to(call_id, 1, deadline_s)

    def answer_to(self, call_id, cseq, deadline_s):
        """The final response to a request outside any call."""
        end = time.monotonic() + deadline_s
        with self.changed:
            while True:
                for message in self.stray:
                    if message.is_response and message.call_id == call_id and message.cseq == cseq and message.status >= 200:
                        return message
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"no answer within {deadline_s} s")
                self.changed.wait(left)

    def wait_incoming(self, deadline_s=10, ring=True):
        """The next call offered to this phone."""
        end = time.monotonic() + deadline_s
        with self.changed:
            while not self.incoming:
                left = end - time.monotonic()
                if left <= 0:
                    raise Late(f"the phone of {self.user} did not ring within {deadline_s} s")
                self.changed.wait(left)
            call = self.incoming.pop(0)
        if ring:
            call.ring()
        return call

    def transmit(self, message):
        self.send_raw(message.encode() if isinstance(message, Message) else message)

    def send_raw(self, data):
        if self.transport == "udp":
            self._socket.sendto(data, (self.server_host, self.server_port))
        else:
            self._socket.sendall(data)

    def _read(self):
        left = b""
        while not self._closed.is_set():
            try:
                data = self._socket.recv(65536)
            except (TimeoutError, ConnectionRefusedError):
                continue
            except OSError:
                return
            if self.transport == "udp":
                self._dispatch(Message.parse(data))
                continue
            if not data:
                return
            left += data
            left = self._split(left)

    def _split(self, left):
        while b"\r\n\r\n" in left.lstrip(b"\r\n"):
            left = left.lstrip(b"\r\n")
            head, _, body = left.partition(b"\r\n\r\n")
            length = int(Message.parse(head + b"\r\n\r\n").get("Content-Length", "0"))
            if len(body) < length:
                break
            self._dispatch(Message.parse(head + b"\r\n\r\n" + body[:length]))
            left = body[length:]
        return left

    def _dispatch(self, message):
        with self.changed:
            call = self.calls.get(message.call_id)
            if call is None and not message.is_response and message.method == "INVITE":
                call = self._offered(message)
                call.log.append(("in", message))
                if "RTP/SAVP" in message.body:  # it knows no SRTP
                    call.reject("488 Not Acceptable Here")
                else:
                    self.incoming.append(call)
            elif call is not None:
                self._in_call(call, message)
            else:
                self.stray.append(message)
                if not message.is_response and message.method == "OPTIONS":
                    self.transmit(Message("SIP/2.0 200 OK", [(n, v) for n, v in message.headers if n.lower() in ("via", "from", "to", "call-id", "cseq")]))
            self.changed.notify_all()

    def _in_call(self, call, message):
        if message.is_response:
            call.log.append(("in", message))
            call._on_response(message)
            return
        key = (message.call_id, message.cseq, message.method, message.get("Via"))
        if key in self._arrived:  # a retransmission gets the same answer
            again = self._arrived[key]
            if again is not None:
                self.transmit(again)
            return
        before = len(call.log)
        call.log.append(("in", message))
        call._on_request(message)
        replies = [m for way, m in call.log[before + 1:] if way == "out" and m.is_response and m.method == message.method]
        self._arrived[key] = replies[-1] if replies else None

    def _offered(self, message):
        local = message.get("To") + f";tag={token()}"
        call = Call(self, message.call_id, local, message.get("From"), uri_of(message.get("Contact")))
        call.is_ours = False
        call.invite = message
        call.rung_at = time.monotonic()
        call.cseq = 100
        if message.body:
            call._learn(message)
            call.stream.is_sending = True
        self.calls[message.call_id] = call
        self._arrived[(message.call_id, message.cseq, "INVITE", message.get("Via"))] = None
        return call
