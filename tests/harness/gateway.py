"""A carrier that puts our calls through to the outside world, and the telephone that rings there."""

from harness.carrier import Carrier
from harness.tls import TlsListener


class Gateway(Carrier):
    """Takes calls whose password is right: each new INVITE, and each BYE, is asked for it. `refuses_with` is the status of
    all calls while it is set; `seen` holds every INVITE that opens a call."""

    def __init__(self, server, account, password, **options):
        self.refuses_with = None
        self.seen = []
        super().__init__(server, account, password, **options)

    def _dispatch(self, message):
        is_asked = not message.is_response and message.method in ("INVITE", "BYE") and not self.is_dead
        if not is_asked:
            super()._dispatch(message)
            return
        is_new = message.method == "INVITE" and message.call_id not in self.calls
        with self.changed:
            if is_new:
                self.seen.append(message)
            if is_new and self.refuses_with:
                self._reply(message, self.refuses_with, [])
                return
            if not self._is_known(message) and not self._is_proved(message):
                return
        super()._dispatch(message)

    def _is_known(self, message):
        """A repetition of a request that was let in."""
        return (message.call_id, message.cseq, message.method, message.get("Via")) in self._arrived


class TlsGateway(Gateway):
    """The same behind TLS: with `certificate` and `key`, and one of `client_ca` wanted where it is given."""

    def __init__(self, server, account, password, certificate, key, client_ca=None):
        self._credentials = certificate, key, client_ca
        super().__init__(server, account, password, transport="tls")

    def _open(self, server, tls):
        self.listener = TlsListener(*self._credentials)
        return self.listener
