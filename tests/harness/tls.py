"""Certificates for a test, and a phone's end of TLS."""

import os
import select
import shutil
import socket
import ssl
import subprocess
import threading


class Authority:
    """A certification authority in a folder. `issue` gives (certificate, key) for a name, both PEM."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate, self._key = self._files("authority")
        self._openssl("req", "-x509", *self._new_key(self._key), "-days", "2", "-subj", "/CN=Escucha test", "-out", self.certificate)

    def issue(self, name, address="127.0.0.1", names=None):
        """`names` instead of the address: what subjectAltName is to say."""
        certificate, key = self._files(name)
        request, extensions = os.path.join(self.folder, f"{name}.csr"), os.path.join(self.folder, f"{name}.ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName = {names or f'IP:{address}, DNS:localhost'}\n")
        self._openssl("req", *self._new_key(key), "-subj", f"/CN={name}", "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                      "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def _files(self, name):
        return os.path.join(self.folder, f"{name}.pem"), os.path.join(self.folder, f"{name}.key")

    @staticmethod
    def _new_key(path):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path

    @staticmethod
    def _openssl(*words):
        done = subprocess.run([shutil.which("openssl"), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class TlsListener:
    """A server's end: one connection at a time, the next when it is over. `accepted` counts handshakes, `refused` holds
    why others failed, `names` the server names that were asked for. With `client_ca` it wants a certificate."""

    def __init__(self, certificate, key, client_ca=None):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        if client_ca:
            self._context.load_verify_locations(client_ca)
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connection = None
        self._turn = threading.Lock()
        self.accepted, self.refused, self.names = 0, [], []

    def getsockname(self):
        return self._listening.getsockname()

    def sendall(self, data):
        with self._turn:
            self._connection.sendall(data)

    def recv(self, size):
        if self._connection is None:
            self._accept()
        if not self._connection.pending() and not select.select([self._connection], [], [], 0.2)[0]:
            raise TimeoutError
        with self._turn:
            self._connection.settimeout(0)
            try:
                data = self._connection.recv(size)
            except ssl.SSLWantReadError:
                raise TimeoutError from None
            except OSError:
                data = b""
            self._connection.settimeout(5)
        if not data:
            self._connection.close()
            self._connection = None
            raise TimeoutError
        return data

    def _accept(self):
        if not select.select([self._listening], [], [], 0.2)[0]:
            raise TimeoutError
        plain, _ = self._listening.accept()
        plain.settimeout(5)
        try:
            self._connection = self._context.wrap_socket(plain, server_side=True)
        except OSError as error:
            self.refused.append(str(error))
            plain.close()
            raise TimeoutError from None
        self.accepted += 1

    def close(self):
        if self._connection:
            self._connection.close()
        self._listening.close()


class TlsSocket:
    """Connected and verified. OpenSSL allows one thread at a time, so reading and writing take turns."""

    def __init__(self, server, authority, own=None):
        context = ssl.create_default_context(cafile=authority)
        if own:
            context.load_cert_chain(*own)
        self._socket = context.wrap_socket(socket.create_connection(server, timeout=5), server_hostname=server[0])
        self._socket.settimeout(5)
        self._turn = threading.Lock()

    def getsockname(self):
        return self._socket.getsockname()

    def sendall(self, data):
        with self._turn:
            self._socket.sendall(data)

    def recv(self, size):
        if not self._socket.pending() and not select.select([self._socket], [], [], 0.2)[0]:
            raise TimeoutError
        with self._turn:
            self._socket.settimeout(0)
            try:
                return self._socket.recv(size)
            except ssl.SSLWantReadError:
                raise TimeoutError from None
            finally:
                self._socket.settimeout(5)

    def version(self):
        return self._socket.version()

    def close(self):
        self._socket.close()
