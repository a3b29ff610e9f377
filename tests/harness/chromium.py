"""Debian's Chromium on our pages: a driver process, a command a line."""

import json
import os
import select
import subprocess
import threading

from harness.server import ROOT
from harness.waiting import Late, until


class Chromium:
    def __init__(self, microphone="none"):
        node = os.environ.get("ESCUCHA_NODE")
        if node is None:
            found = subprocess.run([os.path.join(ROOT, "tools", "node")], stdout=subprocess.PIPE, check=True)
            node = os.path.join(found.stdout.decode().strip(), "node")
        self.process = subprocess.Popen(
            [node, os.path.join(ROOT, "tests", "browser", "driver.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=os.path.join(ROOT, "web"),
            env={**os.environ, "ESCUCHA_MICROPHONE": microphone},
        )
        self._lock = threading.Lock()
        self._pages = 0
        assert self._answer(30).get("ready"), "the browser did not start"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def page(self, **options):
        """A window of its own, with nobody signed in."""
        self._pages += 1
        return Page(self, self._pages, options)

    def command(self, **command):
        with self._lock:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()
            answer = self._answer(command.get("deadline_s", 10) + 20)
        if not answer["ok"]:
            raise AssertionError(f"{command['do']} {command.get('id', '')}: {answer['error']}")
        return answer["value"]

    def _answer(self, deadline_s):
        ready, _, _ = select.select([self.process.stdout], [], [], deadline_s)
        if not ready:
            raise Late("the browser did not answer")
        line = self.process.stdout.readline()
        assert line, "the browser ended"
        return json.loads(line)


class Page:
    """`page.click("call-answer")`: elements are named by their data-testid; `has` picks among several
    with one name the first that holds a text."""

    def __init__(self, browser, name, options):
        self._browser, self._name, self._options = browser, name, options

    def do(self, what, **more):
        return self._browser.command(do=what, page=self._name, options=self._options, **more)

    def sign_in(self, url, login, password):
        self.do("signIn", url=url, login=login, password=password)

    def open(self, url):
        """Goes to an address and waits until the page is whole."""
        self.do("goto", url=url)
        self.do("settle")

    def wait(self, element, deadline_s=10, state="visible", has=None):
        self.do("wait", id=element, deadline_s=deadline_s, state=state, has=has)

    def gone(self, element, deadline_s=10):
        self.wait(element, deadline_s, state="detached")

    def click(self, element, has=None):
        self.do("click", id=element, has=has)

    def fill(self, element, text):
        self.do("fill", id=element, text=text)

    def choose(self, element, option):
        """The option of a list with this value."""
        self.do("choose", id=element, option=option)

    def press(self, key):
        self.do("press", key=key)

    def text(self, element):
        return self.do("text", id=element)

    def value(self, element):
        return self.do("value", id=element)

    def wait_value(self, element, wanted, deadline_s=10):
        until(lambda: self.value(element) == wanted, deadline_s, f"{element} to be {wanted!r}")

    def is_visible(self, element):
        return self.do("isVisible", id=element)

    def close(self):
        self.do("close")
