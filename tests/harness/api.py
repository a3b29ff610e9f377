"""The API as a page uses it: session cookie, CSRF token, and every answer checked against the document."""

import http.client
import json
import os
import ssl

from harness.schema import Contract
from harness.websocket import EventStream


class Refused(AssertionError):
    """A problem answer (RFC 9457) that the scenario did not expect."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status, self.problem = status, problem
        self.code = problem.get("code") if isinstance(problem, dict) else None


def connect(host, port, authority, timeout):
    """A connection of http.client, by HTTPS when there is an authority."""
    if authority is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context(cafile=authority))


class Api:
    contract = None

    def __init__(self, host, port, authority=None):
        """By HTTPS when there is an `authority`: the file of who signed the server's certificate."""
        self.host, self.port, self.authority = host, port, authority
        self.cookie = self.csrf = None
        self.session = None

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, octets), unchecked."""
        connection = connect(self.host, self.port, self.authority, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def request(self, method, path, body=None, headers=None, expect=None):
        """The decoded answer. A status of 400 and more raises Refused, unless it is `expect`."""
        sent = {"Accept": "application/json", "Origin": f"{'https' if self.authority else 'http'}://{self.host}:{self.port}", **(headers or {})}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf and method not in ("GET", "HEAD"):
            sent["X-CSRF-Token"] = self.csrf
        data = None
        if isinstance(body, bytes):
            data = body
            sent["Content-Type"] = "application/octet-stream"
        elif body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        status, got, octets = self.raw(method, path, data, sent)
        kind = got.get("Content-Type", "")
        answer = json.loads(octets) if octets and "json" in kind else octets
        self._check(method, path, status, kind, answer)
        if expect is not None:
            assert status == expect, f"{method} {path}: {status} instead of {expect}: {answer}"
        elif status >= 400:
            raise Refused(status, answer)
        for value in got.get_all("Set-Cookie", []):
            self.cookie = value.split(";")[0]
        self.etag = got.get("ETag")
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        headers = {"Idempotency-Key": os.urandom(8).hex(), **options.pop("headers", {})}
        return self.request("POST", path, body, headers=headers, **options)

    def upload(self, path, octets, **options):
        return self.request("PUT", path, octets, **options)

    def sign_in(self, login, password):
        self.session = self.post("/api/v1/session", {"login": login, "password": password})
        self.csrf = self.session["csrf_token"]
        return self.session

    def events(self, since=None):
        path = "/api/v1/events" + (f"?since={since}" if since is not None else "")
        return EventStream(self.host, self.port, path, {"Cookie": self.cookie}, self.authority)

    def _check(self, method, path, status, kind, answer):
        if not path.startswith("/api/v1/") or path == "/api/v1/openapi.json":
            return
        if Api.contract is None:
            code, _, octets = self.raw("GET", "/api/v1/openapi.json")
            assert code == 200, f"openapi.json: {code}"
            Api.contract = Contract(json.loads(octets))
        Api.contract.check(method, path, status, kind, answer)


class AgentPage(Api):
    """An agent signed in on the page, with the event stream open."""

    def __init__(self, host, port, login, password, authority=None):
        super().__init__(host, port, authority)
        self.sign_in(login, password)
        self.agent_id = self.session["user"]["agent_id"]
        self.stream = None

    def open(self):
        desk = self.get("/api/v1/desk")
        self.stream = self.events(desk["seq"])
        return desk

    def act(self, command, body=None, **options):
        return self.post(f"/api/v1/agents/{self.agent_id}/{command}", body, **options)

    def be_ready(self):
        self.act("sign-in")
        return self.act("status", {"state": "ready"})

    def desk(self):
        return self.get("/api/v1/desk")

    def close(self):
        if self.stream:
            self.stream.close()
