"""A carrier that the server registers at: a registrar with digest, and the caller behind it."""

import hashlib
import re

from harness.phone import Phone
from harness.sip_message import Message, token, uri_of

_COPIED = ("via", "from", "to", "call-id", "cseq")


class Carrier(Phone):
    """Takes `account` with `password` for `grants_s`. `registered` holds each REGISTER it accepted, `refused` each
    whose password was wrong. While it `is_dead` it answers nothing."""

    realm = "carrier.test"

    def __init__(self, server, account, password, grants_s=60, **options):
        self.account, self.account_password, self.grants_s = account, password, grants_s
        self.is_dead = False
        self.registered, self.refused = [], []
        self._counts = {}  # of each nonce, the last used
        super().__init__(server, "+34911222333", **options)

    def call_contact(self, number):
        """A call to the Contact that the server registered, for the number in To."""
        return self.call(number, target=uri_of(self.registered[-1].get("Contact")))

    def _dispatch(self, message):
        if self.is_dead:
            return
        if message.is_response or message.method != "REGISTER":
            super()._dispatch(message)
            return
        with self.changed:
            self._on_register(message)
            self.changed.notify_all()

    def _on_register(self, message):
        if self._is_proved(message):
            self.registered.append(message)
            contact = message.get("Contact")
            granted = min(self.grants_s, int(message.get("Expires")))
            self._reply(message, "200 OK", [("Contact", f"{contact};expires={granted}")] if granted else [])

    def _is_proved(self, message):
        """Is the password right? Asks for it when it is not."""
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', message.get("Authorization")))
        if fields.get("nonce") in self._counts and int(fields["nc"], 16) > self._counts[fields["nonce"]]:
            if fields["response"] == self._expected(fields, message.method):
                self._counts[fields["nonce"]] = int(fields["nc"], 16)
                return True
            self.refused.append(message)
        self._challenge(message)
        return False

    def _expected(self, fields, method):
        def h(text):
            return hashlib.md5(text.encode()).hexdigest()

        ha1 = h(f"{self.account}:{self.realm}:{self.account_password}")
        ha2 = h(f"{method}:{fields['uri']}")
        return h(f"{ha1}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}:{ha2}")

    def _challenge(self, message):
        nonce = token(8)
        self._counts[nonce] = 0
        self._reply(message, "401 Unauthorized", [("WWW-Authenticate", f'Digest realm="{self.realm}", nonce="{nonce}", algorithm=MD5, qop="auth"')])

    def _reply(self, message, status, headers):
        self.transmit(Message(f"SIP/2.0 {status}", [(n, v) for n, v in message.headers if n.lower() in _COPIED] + headers))
