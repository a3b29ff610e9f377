"""An HTTP connector of a look-up node (docs/flows.md) that answers as a scenario wants."""

import http.server
import json
import socket
import struct
import threading


class Connector:
    """Each question is kept in `asked` and answered by `reply(handler)`; assign another at any time."""

    def __init__(self):
        self.asked = []
        self.reply = answer({"status": "ok", "fields": {}})
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                outer.asked.append(json.loads(self.rfile.read(length)))
                outer.reply(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def say_nothing(self, handler):
        """Says nothing until the end of the scenarios."""
        self.released.wait(60)
        handler.close_connection = True

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def raw(octets, status=200):
    """These octets, whatever they are."""

    def reply(handler):
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(octets)))
            handler.end_headers()
            handler.wfile.write(octets)
        except OSError:
            handler.close_connection = True  # who asked has had enough

    return reply


def answer(body, status=200):
    return raw(json.dumps(body).encode(), status)


def reset(handler):
    """The connection is torn down before a word is said."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
