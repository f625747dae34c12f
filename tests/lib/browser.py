# SPDX-License-Identifier: BSD-2-Clause
"""browser: a headless Chromium, driven by WebDriver over HTTP; nothing but the standard library.

    with Browser() as page:
        page.go("http://127.0.0.1:9145/")
        page.script("return document.title")
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

import helod
import tap

# How many texts were looked at, and those whose contrast to what is behind them is below 4.5 to 1.
CONTRAST = """
const numbers = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => numbers(c).slice(0, 3).map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 :
    ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if ((numbers(c)[3] ?? 1) === 1) return c; } return "rgb(255, 255, 255)"; };
const compare = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
const poor = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let checked = 0;
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.getClientRects().length || e.closest("script, title, option")) continue;
    const style = getComputedStyle(e), contrast = compare(e.closest("svg") ? style.fill : style.color, behind(e));
    checked++;
    if (contrast < 4.5) poor.push(walk.currentNode.data.slice(0, 30) + " " + contrast.toFixed(2));
}
for (const e of document.querySelectorAll("[placeholder]")) {
    const contrast = compare(getComputedStyle(e, "::placeholder").color, behind(e));
    if (contrast < 4.5) poor.push("placeholder " + contrast.toFixed(2));
}
return [checked, poor];
"""

# What is wider than the screen, and the words of names that are broken into two lines.
OVERFLOW = """
const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
const broken = [], walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    const text = walk.currentNode, e = text.parentElement;
    if (!e.closest("td") || e.closest(".long, dd, svg") || !e.getClientRects().length) continue;
    for (const word of text.data.matchAll(/[^\\s.:@-]+/g)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) broken.push(word[0]);
    }
}
return [document.documentElement.scrollWidth > innerWidth, wide.map((e) => e.outerHTML.slice(0, 80)), broken];
"""


def possible():
    """Why there is no browser, or None."""
    for program in ("chromedriver", "chromium"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


class Browser:
    def __init__(self, width=1200, height=900, dark=False):
        self.folder = helod.scratch()
        self.port = helod.free_port()
        arguments = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update",
                     f"--window-size={width},{height}", f"--user-data-dir={self.folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        if dark:
            arguments.append("--force-dark-mode")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log,
                                            env={**os.environ, "HOME": str(self.folder), "TMPDIR": str(self.folder)})
        self.session = ""
        tap.cleanup(self.close)
        helod.wait_for(self._ready, what="chromedriver answers")
        capabilities = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                        "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = "/session/" + made["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=helod.PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode(errors='replace')[:500]}") from None

    def go(self, address):
        self._call("POST", self.session + "/url", {"url": address})

    def script(self, code, *arguments):
        """The value that the JavaScript returns."""
        return self._call("POST", self.session + "/execute/sync", {"script": code, "args": list(arguments)})

    def _element(self, selector):
        found = self._call("POST", self.session + "/element", {"using": "css selector", "value": selector})
        return f"{self.session}/element/{next(iter(found.values()))}"

    def click(self, selector):
        self._call("POST", self._element(selector) + "/click", {})

    def type(self, selector, text):
        """Keys as a person would press them; \\ue010 to \\ue015 are End, Home, Left, Up, Right, Down."""
        self._call("POST", self._element(selector) + "/value", {"text": text})

    def text(self, selector):
        """What a person can read there."""
        return self._call("GET", self._element(selector) + "/text")

    def texts(self, selector):
        return self.script("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def alert(self):
        """The text of a dialog that stands open, or None."""
        try:
            return self._call("GET", self.session + "/alert/text")
        except AssertionError:
            return None

    def complaints(self):
        """What the browser's console had to say since the last call."""
        return [row["message"] for row in self._call("POST", self.session + "/se/log", {"type": "browser"})]

    def resize(self, width, height):
        self._call("POST", self.session + "/window/rect", {"width": width, "height": height})

    def views(self, name, prepare=""):
        """Keeps pictures of the whole page in the build folder: wide and on a phone, light and dark. Yields at each
        view, so that the caller can look at the page as well."""
        folder = helod.TOP if "top_builddir" not in os.environ else pathlib.Path(os.environ["top_builddir"])
        folder = folder / "tests" / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        for width in (1400, 390):
            self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                          mobile=width < 500)
            for scheme in ("light", "dark"):
                self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                self.script(prepare)
                height = min(self.script("return document.documentElement.scrollHeight"), 8000)
                clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
                data = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
                (folder / f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(data))
                yield width, scheme
        self.devtools("Emulation.clearDeviceMetricsOverride")

    def devtools(self, command, **parameters):
        return self._call("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def close(self):
        process, self.process = self.process, None
        if process is None:
            return
        try:
            if self.session:
                self._call("DELETE", self.session)
        finally:
            process.terminate()
            process.wait(helod.PATIENCE)
