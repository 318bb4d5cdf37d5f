# SPDX-License-Identifier: MIT
"""F46, F47, F50, F51: whatever clients of the control socket do, no packet is lost, and those who mean it are served."""
import contextlib
import json
import os
import select
import signal
import socket
import threading

from conftest import check_ledger, check_sequence, needs_root

pytestmark = needs_root

CONF = """
mode = 0666

[interface wn1]
filter = all
outputs = disk
ring = 64MiB

[filter all]
expr = udp{extra}

[output disk]
type = file
dir = {{out}}
min_free = 0
"""

NOBODY = 65534
CALL = b'{"method":"org.winnow.Control.Status"}\0'


class Crowd:
    """Clients of another user, in a process of their own, that do one thing again and again, each in a thread."""

    def __init__(self, path, uid, *behaviours):
        self.path = path
        self.uid = uid
        self.behaviours = behaviours
        self.done = threading.Event()
        self.rounds = set()

    def again(self, behave):
        while not self.done.is_set():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
                s.settimeout(1)
                s.connect(self.path)
                behave(s, self.done)
                self.rounds.add(behave.__name__)

    def child(self, stop, said):
        os.setgroups([])
        os.setgid(self.uid)
        os.setuid(self.uid)
        threads = [threading.Thread(target=self.again, args=(b,)) for b in self.behaviours]
        for t in threads:
            t.start()
        while len(self.rounds) < len(set(self.behaviours)):
            if select.select([stop], [], [], 0.01)[0]:
                break
        else:
            os.write(said, b"all")
        os.read(stop, 1)
        self.done.set()
        for t in threads:
            t.join()

    def __enter__(self):
        stop, self.stop = os.pipe()
        self.said, said = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.stop)
                self.child(stop, said)
            finally:
                os._exit(0)
        os.close(stop)
        os.close(said)
        # Each has done its worst at least once.
        assert select.select([self.said], [], [], 30)[0] and os.read(self.said, 3) == b"all"
        return self

    def __exit__(self, *_):
        os.close(self.stop)
        os.close(self.said)
        os.waitpid(self.pid, 0)


def silent(_, done):
    done.wait(0.5)


def slow(s, done):
    for byte in CALL:
        s.send(bytes([byte]))
        if done.wait(0.01):
            return


def deaf(s, done):
    s.sendall(CALL * 2000)
    done.wait(0.5)


def garbage(s, _):
    s.sendall(bytes(range(256)) * 64)
    s.recv(65536)


def giant(s, _):
    s.sendall(b"[" * ((1 << 20) + 1))
    s.recv(65536)


def hasty(s, _):
    s.sendall(CALL)


def nobody(_, __):
    pass


def test_packets_are_exact_while_clients_misbehave(daemon):
    daemon.start(CONF.format(extra=""))
    with Crowd(daemon.sock, NOBODY, silent, slow, deaf, deaf, garbage, giant, hasty, nobody):
        daemon.net.send(60000, 20000)
        # Somebody who means it is served in the middle of it.
        assert daemon.status()["state"] == "running"
        daemon.delivered(60000)
    check_ledger(daemon.interface(), 60000)
    assert daemon.stop() == 0
    check_sequence(60000, daemon.files())


def test_reload_storm_ends_with_the_last_configuration(daemon):
    """Reloads by clients that do not wait for the end, and by signal, under traffic: complete or not at all."""
    daemon.start(CONF.format(extra=""))

    def reload_and_leave(s, done):
        s.sendall(b'{"method":"org.winnow.Control.Reload"}\0')
        done.wait(0.05)

    sender = daemon.net.sender(60000, 20000)
    with Crowd(daemon.sock, 0, reload_and_leave, reload_and_leave):
        for i in range(100):
            daemon.configure(CONF.format(extra=" or arp" if i % 2 else ""))
            os.kill(daemon.process.pid, signal.SIGHUP)
            daemon.status()
        assert int(sender.communicate(timeout=60)[0]) == 60000
    error, answer = daemon.reload(CONF.format(extra=" or icmp"))
    assert error is None and answer["phase"] in ("done", "unchanged"), json.dumps(answer)
    _, listed = daemon.call("List", kind="filters")
    assert listed["items"][0]["source"] == "udp or icmp"
    daemon.delivered(60000)
    check_ledger(daemon.interface(), 60000)
    assert daemon.stop() == 0
    check_sequence(60000, daemon.files())
