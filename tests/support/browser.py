"""A headless Chromium, driven over the pipe that --remote-debugging-pipe gives: JSON with a zero byte behind it.

Knows nothing of the page that it shows.
"""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Descriptors 3 and 4 are where the browser expects the pipe; a shell puts them there.
ON_THREE_AND_FOUR = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
ARGUMENTS = (
    "--headless=new --remote-debugging-pipe --no-sandbox --no-first-run --no-default-browser-check --disable-gpu "
    "--disable-background-networking --disable-component-update --disable-default-apps --disable-extensions --disable-sync "
    "--disable-dev-shm-usage --hide-scrollbars --mute-audio --metrics-recording-only --no-proxy-server"
).split()


class BrowserError(Exception):
    """The browser did not do what it was told."""


def find():
    """The program's path, or None."""
    return next((found for found in map(shutil.which, PROGRAMS) if found), None)


class Browser:
    """`with Browser(prefix) as browser:`; `prefix` is what stands before the command, such as `ip netns exec NAME`."""

    def __init__(self, prefix=()):
        self.prefix = list(prefix)
        self.numbers = itertools.count(1)
        self.heard = b""
        self.events = []

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="nlb-browser-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        shell = ["sh", "-c", ON_THREE_AND_FOUR, "sh", str(to_browser), str(from_browser)]
        command = [*self.prefix, *shell, find(), *ARGUMENTS, f"--user-data-dir={self.profile}", "about:blank"]
        self.process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close", seconds=5)
            self.process.wait(10)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, parameters=None, session=None, seconds=30):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + seconds
        answer = None
        while answer is None:
            for heard in self._messages(deadline, method):
                if heard.get("id") == number:
                    answer = heard
                elif "method" in heard:
                    self.events.append(heard)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def _messages(self, deadline, method):
        ready, _, _ = select.select([self.read_end], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise BrowserError(f"{method}: no answer in time")
        more = os.read(self.read_end, 1 << 20)
        if not more:
            raise BrowserError(f"{method}: the browser ended")
        *whole, self.heard = (self.heard + more).split(b"\0")
        return [json.loads(text) for text in whole]

    def page(self, width=1400, height=900, dark=False):
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.look(width, height, dark)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session

    def call(self, method, parameters=None, seconds=30):
        return self.browser.call(method, parameters, self.session, seconds)

    def look(self, width, height, dark):
        self.call("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def open(self, url):
        if "errorText" in (done := self.call("Page.navigate", {"url": url})):
            raise BrowserError(f"{url}: {done['errorText']}")

    def run(self, expression):
        """The value of an expression, or what its promise comes to."""
        done = self.call("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
        if "exceptionDetails" in done:
            raise BrowserError(f"{expression[:80]}: {done['exceptionDetails'].get('exception', {}).get('description', 'it failed')}")
        return done["result"].get("value")

    def wait_for(self, expression, seconds=10, what=None):
        deadline = time.monotonic() + seconds
        while True:
            if value := self.run(f"(() => {{ try {{ return {expression}; }} catch {{ return null; }} }})()"):
                return value
            if time.monotonic() > deadline:
                raise BrowserError(f"{what or expression} did not come true within {seconds} s")
            time.sleep(0.03)

    def press(self, key):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key})

    def screenshot(self, file, whole=True):
        shot = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole, **self._clip(whole)})
        with open(file, "wb") as out:
            out.write(base64.b64decode(shot["data"]))

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def complaints(self):
        """What the page threw, and what the browser logged as an error: a refused script is among it."""
        self.run("0")
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details.get("text")))
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"] + " " + event["params"]["entry"].get("url", ""))
        return found
