"""A headless Chromium, driven over its debugging pipe: real keys, real clicks, its console and its requests."""

from __future__ import annotations

import functools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BASH = shutil.which("bash")
FLAGS = (
    *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "remote-debugging-pipe"),
    "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what the browser itself would ask for
)
PATIENCE = 120  # seconds, on a machine that does much else
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    " ": (32, " "),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Delete": (46, ""),
    "Home": (36, ""),
    "End": (35, ""),
}


@functools.cache
def browser_works() -> bool:
    """Return whether a browser starts here at all."""
    if CHROMIUM is None or BASH is None:
        return False
    words = [CHROMIUM, *(f"--{flag}" for flag in FLAGS if "pipe" not in flag), "--dump-dom", "data:text/html,<p>here"]
    return b"<p>here" in subprocess.run(words, capture_output=True, timeout=PATIENCE).stdout


class Browser:
    """One browser with one page."""

    def __init__(self, folder: Path):
        assert CHROMIUM is not None
        assert BASH is not None
        self.folder, self.number, self.waiting = folder, 0, b""
        self.events: list[dict[str, Any]] = []
        self.home = "file:"
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        flags = [f"--{flag}" for flag in FLAGS] + [f"--user-data-dir={folder / 'profile'}", "about:blank"]
        script = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            [BASH, "-c", script, CHROMIUM, *flags],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output = ours_in, ours_out
        self.session: str | None = None
        targets = self.ask("Target.getTargets")["targetInfos"]
        target = next(it["targetId"] for it in targets if it["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        os.close(self.input)
        os.close(self.output)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to a command; events that come before it are kept."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session is not None and not method.startswith(("Target.", "Browser.")):
            command["sessionId"] = self.session
        os.write(self.output, json.dumps(command).encode() + b"\0")
        while True:
            message = self.next_message()
            if message.get("id") == self.number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self.events.append(message)

    def next_message(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self.waiting:
            ready, _, _ = select.select([self.input], [], [], max(0, until - time.monotonic()))
            part = os.read(self.input, 2**20) if ready else b""
            assert part, "the browser says nothing"
            self.waiting += part
        found, self.waiting = self.waiting.split(b"\0", 1)
        return json.loads(found)

    def open(
        self, page: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False, still: bool = True
    ) -> None:
        """Open a page, of this width, and wait for its first samples; `still` prefers reduced motion.

        A page that is served has an address, from below which it may ask.
        """
        self.events.clear()
        self.home = page if isinstance(page, str) else "file:"
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [("prefers-color-scheme", "dark" if dark else "light")] + [
            ("prefers-reduced-motion", "reduce")
        ] * still
        self.ask("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in features])
        self.ask("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        self.wait("document.documentElement?.dataset.ready === '1'")

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.value(condition):
            assert time.monotonic() < until, f"not in {PATIENCE} s: {condition}"
            time.sleep(0.02)

    def finished(self, run: int) -> None:
        """Wait until the page has all frames of its run of this number."""
        self.wait(f"document.documentElement?.dataset.ready === '{run}'")

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other."""
        for key in keys:
            code, text = KEYS[key] if key in KEYS else (ord(key.upper()), key)
            about = {"key": key, "windowsVirtualKeyCode": code}
            self.ask("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
            self.ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def downloaded(self, name: str) -> bytes:
        """Return the content of a file that the page has saved."""
        until = time.monotonic() + PATIENCE
        while not (self.folder / name).is_file():
            assert time.monotonic() < until, (
                f"{name} did not come, there are {[it.name for it in self.folder.iterdir()]}"
            )
            self.value("0")
            time.sleep(0.02)
        return (self.folder / name).read_bytes()

    @property
    def complaints(self) -> list[str]:
        """What the console says, errors, and requests that leave the file."""
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                found.append(json.dumps(params)[:500])
            if event.get("method") == "Network.requestWillBeSent":
                url = params["request"]["url"]
                found += [url] if not url.startswith((self.home, "blob:", "data:")) else []
        return found
