# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: network namespaces with a veth pair, a daemon to talk to, and waiting for things
to happen (ten seconds at most; how fast they happen is never asserted)."""
import contextlib
import grp
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

BUILD = os.environ["WINNOW_BUILD"]
ROOT = os.environ["WINNOW_ROOT"]
WINNOWD = os.path.join(BUILD, "src/winnowd")
SENDER = os.path.join(BUILD, "tests/e2e/sender")
SEQUENCE = os.path.join(BUILD, "tests/e2e/sequence")
OWN_GROUP = grp.getgrgid(os.getegid()).gr_name
ALL = os.environ.get("WINNOW_TESTS") == "all"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


def wait_for(what, condition, seconds=10):
    """The condition's value once it is true; fails naming `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)


class Net:
    """A network namespace with a veth pair: what is sent on wn0 arrives at wn1."""

    def __init__(self, name):
        self.name = name
        self.run("ip", "netns", "add", name, inside=False)
        try:
            # A router solicitation would be one packet too many.
            self.run("sh", "-c", "for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done")
            self.pair("wn0", "wn1")
        except BaseException:
            self.close()
            raise

    def command(self, *argv):
        return ["ip", "netns", "exec", self.name, *argv]

    def run(self, *argv, inside=True, **kwargs):
        argv = self.command(*argv) if inside else list(argv)
        return subprocess.run(argv, check=True, capture_output=True, text=True, **kwargs)

    def ip(self, text):
        self.run("ip", "-n", self.name, *text.split(), inside=False)

    def pair(self, a, b):
        self.ip(f"link add {a} type veth peer name {b}")
        self.ip(f"link set {a} up")
        self.ip(f"link set {b} up")

    def sender(self, count, rate=0, first=0, device="wn0"):
        return subprocess.Popen(self.command(SENDER, device, str(count), str(rate), str(first)),
                                stdout=subprocess.PIPE, text=True)

    def send(self, count, rate=0, first=0, device="wn0"):
        sender = self.sender(count, rate, first, device)
        sent = int(sender.communicate(timeout=120)[0])
        assert sent == count

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)


class Notify:
    """What the daemon tells systemd, in order."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.messages = []

    def collect(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.messages.append(self.socket.recv(65536).decode().split("\n"))
        return self.messages

    def words(self):
        """The first assignment of every message but keep-alives."""
        return [m[0] for m in self.collect() if m[0] != "WATCHDOG=1"]

    def close(self):
        self.socket.close()


class Daemon:
    """A winnowd with a configuration of its own in a directory of its own."""

    def __init__(self, net, directory):
        self.net = net
        self.dir = directory
        self.conf = os.path.join(directory, "winnowd.conf")
        self.out = os.path.join(directory, "out")
        self.sock = os.path.join(directory, "sock")
        self.log = os.path.join(directory, "log")
        os.makedirs(self.out, exist_ok=True)
        self.notify = Notify(os.path.join(directory, "notify"))
        self.process = None

    def configure(self, text):
        """Put a configuration into place at once; {out} is the directory for files."""
        head = f"[control]\nsocket = {self.sock}\ngroup = {OWN_GROUP}\n"
        with open(self.conf + ".new", "w", encoding="utf-8") as f:
            f.write((head + text).replace("{out}", self.out))
        os.rename(self.conf + ".new", self.conf)

    def start(self, text=None, ready=True, env=None, prefix=()):
        if text is not None:
            self.configure(text)
        environment = {**os.environ, "NOTIFY_SOCKET": self.notify.path, **(env or {})}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*prefix, *self.net.command(WINNOWD, "--config", self.conf)], stderr=log,
                                            env=environment)
        if ready:
            wait_for("READY=1", self.ready)
        return self

    def ready(self):
        assert self.process.poll() is None, self.read_log()
        return "READY=1" in self.notify.words()

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def said(self, event):
        return self.read_log().count(f"[{event}]")

    def call(self, method, **parameters):
        """One call on the control socket: (error or None, parameters)."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.sock)  # waits its turn while others crowd the queue
            s.settimeout(30)
            call = {"method": method if "." in method else f"org.winnow.Control.{method}", "parameters": parameters}
            s.sendall(json.dumps(call).encode() + b"\0")
            data = b""
            while not data.endswith(b"\0"):
                piece = s.recv(65536)
                assert piece, "connection closed without an answer"
                data += piece
        answer = json.loads(data[:-1])
        return answer.get("error"), answer.get("parameters", {})

    def counters(self):
        """(object, name, counter) -> value summed over causes."""
        error, answer = self.call("Stats")
        assert error is None, answer
        total = {}
        for c in answer["counters"]:
            key = (c["object"], c["name"], c["counter"])
            total[key] = total.get(key, 0) + c["value"]
        return total

    def interface(self, name="wn1"):
        return {k[2]: v for k, v in self.counters().items() if k[:2] == ("interface", name)}

    def output(self, name="disk"):
        return {k[2]: v for k, v in self.counters().items() if k[:2] == ("output", name)}

    def status(self):
        error, answer = self.call("Status")
        assert error is None, answer
        return answer

    def state(self, name="wn1"):
        return next(i["state"] for i in self.status()["interfaces"] if i["name"] == name)

    def generation(self):
        return self.status()["generation"]["number"]

    def delivered(self, count, name="wn1"):
        wait_for(f"{count} packets of {name}", lambda: self.interface(name)["delivered_packets"] >= count, 60)

    def reload(self, text=None):
        if text is not None:
            self.configure(text)
        return self.call("Reload")

    def files(self, suffix=".pcapng"):
        return sorted(os.path.join(self.out, f) for f in os.listdir(self.out) if f.endswith(suffix))

    def stop(self, number=signal.SIGTERM):
        """End it; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            # "ip netns exec" becomes winnowd, so this is its own process.
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail("winnowd did not end")
        self.process = None
        return status

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.notify.close()


@pytest.fixture
def work():
    """A directory with a path short enough for sockets."""
    path = tempfile.mkdtemp(prefix="wn-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def net(work):
    n = Net(os.path.basename(work))
    yield n
    n.close()


@pytest.fixture
def daemon(net, work):
    d = Daemon(net, work)
    yield d
    d.close()


def check_ledger(interface, sent=None):
    """Every packet is accounted for; exactly so after a drain or in a quiet moment."""
    if sent is not None:
        assert interface["delivered_packets"] + interface["dropped_packets"] == sent, interface
    assert interface["delivered_packets"] == (interface["accepted_packets"] + interface["rejected_packets"] +
                                              interface["fault_packets"]), interface
    assert interface["received_packets"] == interface["delivered_packets"] + interface["dropped_packets"], interface


def check_sequence(count, files):
    """Every number from 0 to count - 1 is in the files exactly once."""
    result = subprocess.run([SEQUENCE, str(count), *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def winnowd(*argv, **kwargs):
    kwargs.setdefault("capture_output", True)
    return subprocess.run([WINNOWD, *argv], check=False, timeout=60, **kwargs)
