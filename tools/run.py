#!/usr/bin/env python3
"""The work of ./run: install, build, start, wait until ready, say what to dial, and stop cleanly."""

import argparse
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import web

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "logs")
PROGRAMS = os.path.join(ROOT, "build", "run", "bin")
# Another checkout of the same sources finds its objects too.
CCACHE = {"CCACHE_BASEDIR": ROOT, "CCACHE_NOHASHDIR": "1"}
READY_DEADLINE_S = 60
DRAIN_DEADLINE_S = 30

GUIDE = """
  Escucha está listo · Escucha is ready

    Página · Page           {url}
    Usuarios · Users        {users}
    Clave · Password        {password}

    Llame a · Call          sip:100@{host}:{sip}   Servicio al cliente · Customer service
                            sip:200@{host}:{sip}   Los abuelos · The grandparents

    Teléfono de agente · Agent's phone (UDP o/or TCP):
        servidor · server   {host}:{sip}
        usuario · user      {phone_user}
        clave · password    {phone_password}
      Con baresip · With baresip:
        baresip -e '/uanew <sip:{phone_user}@{host}:{sip}>;auth_pass={phone_password}'

    Datos · Data            {data}
    Ctrl-C detiene todo sin cortar lo ya grabado · stops everything cleanly
"""


class Failure(Exception):
    """What stops ./run, in words for the person who started it."""


def arguments():
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Instala lo que falta, compila y arranca Escucha con datos de demostración. "
        "Installs what is missing, builds and starts Escucha with demo data.",
    )
    parser.add_argument("--data", default="var", metavar="DIR", help="where everything is kept (./var)")
    parser.add_argument("--http", type=int, default=8080, metavar="PORT", help="pages and API (8080)")
    parser.add_argument("--sip", type=int, default=5060, metavar="PORT", help="phones and trunks (5060)")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="address to listen on (127.0.0.1)")
    parser.add_argument("--advertise", metavar="ADDR", help="address that phones are told; needed with --bind 0.0.0.0")
    parser.add_argument("--reset-demo", action="store_true", help="deletes all data and loads the demo again")
    parser.add_argument("--no-install", action="store_true", help="installs no Debian package")
    options = parser.parse_args()
    for port in (options.http, options.sip):
        if not 1 <= port <= 65535:
            parser.error(f"{port} is not a port")
    if options.bind in ("0.0.0.0", "::") and not options.advertise:
        parser.error(
            f"con --bind {options.bind} diga también con --advertise la dirección a la que llaman los teléfonos · "
            f"with --bind {options.bind} say with --advertise which address phones call"
        )
    options.data = os.path.abspath(options.data)
    return options


def check_ports(options):
    """Before minutes of building: could we listen at all?"""
    for port, kind, name in (
        (options.http, socket.SOCK_STREAM, "--http"),
        (options.sip, socket.SOCK_STREAM, "--sip"),
        (options.sip, socket.SOCK_DGRAM, "--sip"),
    ):
        family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((options.bind, port))
            except OSError as error:
                raise Failure(
                    f"No se puede escuchar en {options.bind}:{port} · cannot listen there: {error.strerror}.\n"
                    f"Elija otro puerto · choose another port: ./run {name} {port + 1}"
                ) from error


def build_programs():
    with open(os.path.join(LOGS, "run-build.log"), "w", encoding="utf-8") as log:
        for command in (["cmake", "--preset", "run"], ["cmake", "--build", "--preset", "run"]):
            done = subprocess.run(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**CCACHE, **os.environ}, check=False
            )
            if done.returncode != 0:
                raise Failure("La compilación falló · the build failed: build/logs/run-build.log")


def build_pages():
    log_path = os.path.join(LOGS, "run-web.log")
    with open(log_path, "w", encoding="utf-8") as log:
        try:
            web.build(log)
        except subprocess.CalledProcessError as error:
            raise Failure("Las páginas no se compilaron · the pages did not build: build/logs/run-web.log") from error


def build():
    """Programs and pages at the same time; the first failure is the one told."""
    os.makedirs(LOGS, exist_ok=True)
    failures = []

    def attempt(work):
        try:
            work()
        except (Failure, OSError) as error:
            failures.append(error)

    started = time.monotonic()
    print("Compilando · Building (build/logs/run-*.log)", flush=True)
    pages = threading.Thread(target=attempt, args=(build_pages,))
    pages.start()
    attempt(build_programs)
    pages.join()
    if failures:
        raise Failure(str(failures[0]))
    print(f"  {time.monotonic() - started:.0f} s", flush=True)


def is_shared(options):
    """Whether others than this machine reach the pages: then by HTTPS only."""
    return options.bind != "::1" and not options.bind.startswith("127.")


def own_certificate(options):
    """Signed by itself, for the first look; browsers ask whether it is to be trusted."""
    certificate, key = (os.path.join(options.data, name) for name in ("https.pem", "https.key"))
    if not os.path.exists(certificate):
        names = [f"DNS:{socket.gethostname()}", "DNS:localhost"]
        names += [f"IP:{address}" for address in {options.bind, options.advertise} - {None, "0.0.0.0", "::"}]
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
             "-subj", "/CN=Escucha", "-addext", f"subjectAltName={','.join(names)}", "-keyout", key, "-out", certificate],
            capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise Failure(f"openssl no hizo el certificado · openssl made no certificate:\n{done.stderr}")
        os.chmod(key, 0o600)
    return certificate, key


def start(options):
    os.makedirs(options.data, exist_ok=True)
    command = [
        os.path.join(PROGRAMS, "escuchad"),
        "--data", options.data, "--http", str(options.http), "--sip", str(options.sip),
        "--bind", options.bind, "--web", os.path.join(ROOT, "web", "dist"), "--demo",
    ]
    if is_shared(options):
        certificate, key = own_certificate(options)
        command += ["--https-certificate", certificate, "--https-key", key]
    if options.advertise:
        command += ["--advertise", options.advertise]
    if options.reset_demo:
        command.append("--reset-demo")
    # A group of its own: Ctrl-C reaches only us, and we ask the server to drain.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def is_ready(options):
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.bind, options.bind)
    if is_shared(options):
        trusted = ssl.create_default_context(cafile=own_certificate(options)[0])
        trusted.check_hostname = False  # This machine, by whichever of its addresses.
        connection = http.client.HTTPSConnection(host, options.http, timeout=2, context=trusted)
    else:
        connection = http.client.HTTPConnection(host, options.http, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def await_ready(server, options):
    deadline = time.monotonic() + READY_DEADLINE_S
    while not is_ready(options):
        if server.poll() is not None:
            raise Failure(f"escuchad se detuvo · stopped with {server.returncode}; lo que dijo está arriba · its words are above")
        if time.monotonic() > deadline:
            stop(server)
            raise Failure(f"escuchad no estuvo listo en {READY_DEADLINE_S} s · was not ready in time")
        time.sleep(0.05)


def stop(server):
    """Asks the server to drain; a second signal meanwhile ends it at once."""
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(DRAIN_DEADLINE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def guide(options):
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(options.bind, options.bind)
    return GUIDE.format(
        url=f"{'https' if is_shared(options) else 'http'}://{host}:{options.http}/", host=host, sip=options.sip, data=options.data,
        users="ana, luis, marta (agentes · agents), sofia (supervisora · supervisor), admin",
        password="escucha-demo", phone_user="ana", phone_password="telefono-de-ana",
    )


def serve(options):
    server = start(options)
    asked = threading.Event()

    def ask(_signal, _frame):
        if asked.is_set():
            server.kill()
        elif server.poll() is None:
            print("\nCerrando · Stopping", flush=True)
            server.terminate()
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
    try:
        await_ready(server, options)
    except Failure:
        if asked.is_set():
            return 0
        raise
    if not asked.is_set():
        print(guide(options), flush=True)
    code = server.wait()
    if asked.is_set():
        return 0 if code in (0, -signal.SIGTERM) else 1
    raise Failure(f"escuchad se detuvo · stopped with {code}")


def main():
    options = arguments()
    try:
        check_ports(options)
        if not options.no_install:
            if subprocess.run([os.path.join(ROOT, "tools", "install"), "build", "run"], check=False).returncode != 0:
                raise Failure("Faltan paquetes · packages are missing")
        for tool in ("cmake", "ninja", "g++"):
            if not shutil.which(tool):
                raise Failure(f"Falta · missing: {tool}")
        build()
        return serve(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
