"""Agents of the measuring company: their phones registered, they themselves ready for calls."""

from harness.phone import Phone


class Elsewhere(Phone):
    """Registers for another program, which takes the calls: without rport the server calls the Contact."""

    def via(self):
        return super().via().removesuffix(";rport")


def staffed(server, count, contact_port):
    """a0, a1, ... at one SIPp."""
    for i in range(count):
        with Elsewhere(server.sip, login(i), password(i)) as phone:
            answer = phone.register(3600, contact=f"<sip:{login(i)}@127.0.0.1:{contact_port}>")
            assert answer.status == 200, answer.first
    make_ready(server, count)


def staffed_at(server, count, phone):
    """a0, a1, ... at one phone of the harness."""
    for i in range(count):
        phone.user, phone.password = login(i), password(i)
        answer = phone.register(3600)
        assert answer.status == 200, answer.first
    make_ready(server, count)


def login(i):
    return f"a{i}"


def password(i):
    return f"telefono-de-a{i}"


def make_ready(server, count):
    supervisor = server.api("sofia")
    by_name = {agent["name"]: agent["id"] for agent in supervisor.get("/api/v1/agents")["items"]}
    for i in range(count):
        agent = by_name[f"Agente {i}"]
        supervisor.post(f"/api/v1/agents/{agent}/sign-in")
        supervisor.post(f"/api/v1/agents/{agent}/status", {"state": "ready"})
