"""SIP messages and SDP as text: just enough to be a phone, and to be a rude one."""

import hashlib
import os
import re


def token(octets=6):
    return os.urandom(octets).hex()


class Message:
    """A request or a response. Headers keep their order; names compare without case."""

    SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}

    def __init__(self, first, headers=(), body=""):
        self.first = first
        self.headers = list(headers)
        self.body = body

    @classmethod
    def parse(cls, data):
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        head, _, body = text.partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
        return cls(lines[0], headers, body)

    def encode(self):
        headers = [(n, v) for n, v in self.headers if n.lower() not in ("content-length", "l")]
        body = self.body.encode()
        headers.append(("Content-Length", str(len(body))))
        head = "\r\n".join([self.first] + [f"{n}: {v}" for n, v in headers])
        return head.encode() + b"\r\n\r\n" + body

    def all(self, name):
        wanted = name.lower()
        return [v for n, v in self.headers if self.SHORT.get(n.lower(), n.lower()) == wanted]

    def get(self, name, otherwise=""):
        found = self.all(name)
        return found[0] if found else otherwise

    @property
    def is_response(self):
        return self.first.startswith("SIP/2.0 ")

    @property
    def status(self):
        return int(self.first.split()[1]) if self.is_response else 0

    @property
    def method(self):
        return self.get("CSeq").split()[1] if self.is_response else self.first.split()[0]

    @property
    def cseq(self):
        return int(self.get("CSeq", "0 X").split()[0])

    @property
    def call_id(self):
        return self.get("Call-ID")


def tag_of(value):
    match = re.search(r";\s*tag=([^;>\s]+)", value)
    return match.group(1) if match else ""


def uri_of(value):
    match = re.search(r"<([^>]+)>", value)
    return match.group(1) if match else value.split(";")[0].strip()


def digest_answer(challenge, method, uri, user, password):
    """The Authorization value for a WWW-Authenticate or Proxy-Authenticate value (RFC 7616)."""
    fields = dict(re.findall(r'(\w+)\s*=\s*"?([^",]+)"?', challenge))
    algorithm = fields.get("algorithm", "MD5")
    digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm.upper()]

    def h(text):
        return digest(text.encode()).hexdigest()

    ha1, ha2 = h(f"{user}:{fields['realm']}:{password}"), h(f"{method}:{uri}")
    answer = f'Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", algorithm={algorithm}'
    if "qop" in fields:
        cnonce, nc = token(), "00000001"
        response = h(f"{ha1}:{fields['nonce']}:{nc}:{cnonce}:auth:{ha2}")
        answer += f', qop=auth, nc={nc}, cnonce="{cnonce}"'
    else:
        response = h(f"{ha1}:{fields['nonce']}:{ha2}")
    if "opaque" in fields:
        answer += f', opaque="{fields["opaque"]}"'
    return answer + f', response="{response}"'


def sdp(host, port, direction="sendrecv", payloads=(0, 8, 101), version=1, extra=""):
    """An audio description with PCMU, PCMA and telephone events."""
    names = {0: "PCMU/8000", 8: "PCMA/8000", 101: "telephone-event/8000", 9: "G722/8000", 18: "G729/8000", 111: "opus/48000/2"}
    lines = [
        "v=0", f"o=- 7 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, payloads))}",
    ]
    lines += [f"a=rtpmap:{p} {names[p]}" for p in payloads]
    if 101 in payloads:
        lines.append("a=fmtp:101 0-16")
    lines += ["a=ptime:20", f"a={direction}"]
    return "\r\n".join(lines) + "\r\n" + extra


class Description:
    """What of a peer's SDP a phone looks at."""

    def __init__(self, text):
        self.text = text
        host = re.search(r"^c=IN IP4 (\S+)", text, re.M)
        self.host = host.group(1) if host else ""
        self.media = [
            (kind, int(port), payloads.split())
            for kind, port, payloads in re.findall(r"^m=(\w+) (\d+) \S+ ([^\r\n]*)", text, re.M)
        ]
        direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", text, re.M)
        self.direction = direction.group(1) if direction else "sendrecv"

    @property
    def port(self):
        return next((port for kind, port, _ in self.media if kind == "audio"), 0)

    @property
    def payloads(self):
        return next((payloads for kind, _, payloads in self.media if kind == "audio"), [])
