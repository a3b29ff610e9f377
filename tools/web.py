#!/usr/bin/env python3
"""Builds the pages into web/dist when their sources changed.

usage: tools/web.py [--modules-only]
"""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEB = os.path.join(ROOT, "web")
LEFT_OUT = {"node_modules", "dist", "test-results", ".vite"}
# The pages are generated from it too.
CONTRACT = os.path.join(ROOT, "src", "api", "openapi.yaml")


def digest(paths):
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(os.path.relpath(path, ROOT).encode())
        with open(path, "rb") as file:
            total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def sources():
    for folder, folders, files in os.walk(WEB):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        yield from (os.path.join(folder, name) for name in files)
    if os.path.exists(CONTRACT):
        yield CONTRACT


def is_stamped(path, value):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() == value
    except OSError:
        return False


def stamp(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(value)


@contextlib.contextmanager
def one_at_a_time():
    """Parts of the tests that run beside each other want the same modules and the same pages."""
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with open(os.path.join(ROOT, "build", "web.lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment():
    """The environment in which `npm` and `node` are the ones the pages want."""
    found = subprocess.run([os.path.join(ROOT, "tools", "node")], stdout=subprocess.PIPE, check=True)
    return {**os.environ, "PATH": found.stdout.decode().strip() + os.pathsep + os.environ["PATH"], "CI": "true"}


def install_modules(env, out=None):
    """`npm ci`, unless web/node_modules already is what package-lock.json says."""
    with one_at_a_time():
        ensure_modules(env, out)


def ensure_modules(env, out):
    mark = os.path.join(WEB, "node_modules", ".escucha-stamp")
    wanted = digest([os.path.join(WEB, "package.json"), os.path.join(WEB, "package-lock.json")])
    if is_stamped(mark, wanted):
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WEB, env=env, stdout=out, stderr=out, check=True)
    stamp(mark, wanted)


def build(out=None):
    """True when something had to be built."""
    with one_at_a_time():
        return ensure_pages(out)


def ensure_pages(out):
    mark = os.path.join(ROOT, "build", "web.stamp")
    wanted = digest(sources())
    if is_stamped(mark, wanted) and os.path.exists(os.path.join(WEB, "dist", "index.html")):
        return False
    env = environment()
    ensure_modules(env, out)
    subprocess.run(["npm", "run", "build"], cwd=WEB, env=env, stdout=out, stderr=out, check=True)
    stamp(mark, digest(sources()))
    return True


def main():
    if sys.argv[1:] == ["--modules-only"]:
        install_modules(environment())
    else:
        build()


if __name__ == "__main__":
    main()
