"""The page of `formwork serve` in a browser without a window, by WebDriver.

python page.py http://127.0.0.1:8080

Skips where there is no chromedriver and Chromium.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

BASE = "http://127.0.0.1:8080"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        cls.driver = subprocess.Popen(["chromedriver", f"--port={port}"], **quiet)
        cls.addClassCleanup(cls.driver.wait)
        cls.addClassCleanup(cls.driver.terminate)
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 30
        while True:
            try:
                call("GET", f"{url}/status")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options = {"browserName": "chrome", "goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = call("POST", f"{url}/session", {"capabilities": {"alwaysMatch": options}})
        cls.url = f"{url}/session/{session['sessionId']}"
        cls.addClassCleanup(lambda: call("DELETE", cls.url))

    def setUp(self):
        call("POST", f"{self.url}/url", {"url": BASE})

    def run_script(self, script, *args):
        return call("POST", f"{self.url}/execute/sync", {"script": script, "args": list(args)})

    def text(self, name):
        return self.run_script("return document.getElementById(arguments[0]).innerText", name)

    def press(self, name):
        found = call("POST", f"{self.url}/element", {"using": "css selector", "value": f"#{name}"})
        call("POST", f"{self.url}/element/{found[ELEMENT]}/click", {})

    def fill(self, name, text):
        self.run_script("document.getElementById(arguments[0]).value = arguments[1]", name, text)

    def wait(self, name, wanted):
        deadline = time.monotonic() + 30
        while wanted not in self.text(name):
            self.assertLess(time.monotonic(), deadline, f"{name}: {self.text(name)!r}")
            time.sleep(0.05)

    def test_a_schema_is_understood(self):
        self.press("check")
        self.wait("understood", "exact")
        told = self.text("understood")
        self.assertIn("#/properties/days", told)
        self.assertIn("number", told)
        self.fill("form", '{"properties": {"a": {"pattern": "(x)\\\\1"}}}')
        self.press("check")
        self.wait("understood", "refused")
        self.assertIn("#/properties/a", self.text("understood"))
        self.fill("form", "{")
        self.press("check")
        self.wait("understood", "not JSON")

    def test_a_text_is_generated_and_stepped_through(self):
        self.press("generate")
        self.wait("ended", "a whole text of the form")
        text = self.text("text")
        self.assertIn("days", json.loads(text))
        self.press("take")
        self.wait("state", "may not end here")
        for _ in range(3):
            before = self.run_script("return document.getElementById('so-far').value")
            self.press("forward")
            now = self.run_script("return document.getElementById('so-far').value")
            self.assertEqual(now, before + text[len(before)])
        self.press("back")
        self.fill("so-far", text)
        self.press("mask")
        self.wait("state", "may end here")

    def test_masks(self):
        self.fill("kind", "regex")
        self.fill("form", "ab[cd]")
        self.press("mask")
        self.wait("state", "Forced: ab")
        self.press("forced")
        self.wait("state", "Next bytes: c d")
        self.run_script("document.querySelector('#tokens button').click()")
        self.wait("state", "The text may end here")
        self.fill("so-far", "abx")
        self.press("mask")
        self.wait("state", "not allowed from byte 2 on: x")

    def test_every_field_has_a_name_and_nothing_is_blocked(self):
        nameless = "return [...document.querySelectorAll('input,select,textarea,button')]" \
            ".filter(e => !(e.labels && e.labels.length) && !e.innerText.trim()).map(e => e.id)"
        self.assertEqual(self.run_script(nameless), [])
        log = call("POST", f"{self.url}/se/log", {"type": "browser"})
        severe = [entry["message"] for entry in log if entry["level"] == "SEVERE" and "400" not in entry["message"]]
        self.assertEqual(severe, [])

    def test_light_and_dark(self):
        seen = set()
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            command = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
            call("POST", f"{self.url}/goog/cdp/execute", command)
            color = "const s = getComputedStyle(document.body); return [s.color, matchMedia('(prefers-color-scheme: dark)').matches]"
            seen.add(tuple(self.run_script(color)))
        self.assertEqual(len(seen), 2)


if __name__ == "__main__":
    BASE = sys.argv.pop(1)
    if not shutil.which("chromedriver"):
        print("chromedriver is not installed: the page was not tried in a browser")
        sys.exit(0)
    unittest.main(verbosity=2)
