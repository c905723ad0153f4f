"""Requests to end that come while a server has threads of its own."""

import signal
import subprocess
import sys

import pytest

WAITING = """
import signal, threading, socketserver
from shortrun.cli._ending import ended_like_interrupted
from shortrun.cli.studio import wait_for_interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)
server = socketserver.TCPServer(("127.0.0.1", 0), None)
threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
with ended_like_interrupted():
    try:
        print("waits", flush=True)
        wait_for_interrupt()
    except KeyboardInterrupt:  # the second
        pass
    print("ended", flush=True)
"""


@pytest.mark.parametrize("sent", [("SIGINT", "SIGTERM"), ("SIGTERM", "SIGTERM"), ("SIGTERM",)], ids=" ".join)
def test_signals_that_follow_at_once_end_a_page(sent):
    """Sent as soon as it waits, when Python 3.11 would often forget both and sleep on."""
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        for name in sent:
            process.send_signal(getattr(signal, name))
        try:
            process.wait(60)
        finally:
            process.kill()
