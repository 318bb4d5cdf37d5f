# SPDX-License-Identifier: MIT
"""The control socket against clients that mean it and clients that do not, and winnowctl against it.

The peer is build/tests/e2e/ctl_peer: winnowd's control socket with an engine that captures nothing, and limits
that a test can wait for.
"""
import difflib
import errno
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

BUILD = os.path.abspath(os.environ.get("WINNOW_BUILD", "build"))
ROOT = os.path.abspath(os.environ.get("WINNOW_ROOT", "."))
PEER = os.path.join(BUILD, "tests/e2e/ctl_peer")
CTL = os.path.join(BUILD, "src/winnowctl")
CONTROL = "org.winnow.Control."
SERVICE = "org.varlink.service."
WAIT = 10
NOBODY = 65534

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")


class Peer:
    def __init__(self, path, *settings, **kwargs):
        self.path = str(path)
        self.process = subprocess.Popen([PEER, self.path, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **kwargs)
        self.ready = self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        assert self.ready, self.process.stderr.read()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=WAIT)
        # 0: it ended as it should, without a word from a sanitizer.
        assert self.process.returncode == 0


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT)
        deadline = time.monotonic() + WAIT
        while (code := self.socket.connect_ex(str(path))) == errno.EAGAIN and time.monotonic() < deadline:
            time.sleep(0.001)  # a full backlog
        if code:
            raise OSError(code, os.strerror(code), str(path))
        self.bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """As far as the other end takes it: who was refused can still read why."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def receive(self):
        """The next message, None at the end."""
        while b"\0" not in self.bytes:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.bytes += data
        message, self.bytes = self.bytes.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.send(message(method, parameters))
        return self.receive()

    def closed(self):
        """Whether the other end closes without a further word."""
        return self.receive() is None


def message(method, parameters=None):
    return json.dumps({"method": method, "parameters": parameters or {}}).encode() + b"\0"


def answers(path):
    with Client(path) as c:
        return c.call(CONTROL + "Status")["parameters"]["version"]


def ctl(path, *args, env=None, **kwargs):
    return subprocess.run([CTL, "-s", str(path), *args], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "TZ": "UTC", **(env or {})}, check=False, **kwargs)


def counter(path, name):
    with Client(path) as c:
        counters = c.call(CONTROL + "Stats", select=["process." + name])["parameters"]["counters"]
        return sum(x["value"] for x in counters)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "c.sock"


# What is said

def test_service_describes_itself(path):
    with Peer(path), Client(path) as c:
        info = c.call(SERVICE + "GetInfo")["parameters"]
        assert info["product"] == "winnowd" and set(info["interfaces"]) == {"org.varlink.service", CONTROL[:-1]}
        for name in info["interfaces"]:
            text = c.call(SERVICE + "GetInterfaceDescription", interface=name)["parameters"]["description"]
            assert f"interface {name}\n" in text
        assert c.call(SERVICE + "GetInterfaceDescription", interface="a.b")["error"] == SERVICE + "InterfaceNotFound"


def test_description_and_table_list_the_same_methods_and_parameters():
    with open(os.path.join(ROOT, "src/common/org.winnow.Control.varlink"), encoding="ascii") as f:
        text = re.sub(r"#.*", "", f.read())
    with open(os.path.join(ROOT, "src/common/ctl.def"), encoding="ascii") as f:
        table = re.findall(r'^M\((\w+),\s*"org.winnow.Control",\s*\w+,\s*\w+,\s*"([^"]*)"\)', f.read(), re.M)
    described = {name: re.findall(r"(\w+):", re.sub(r"\([^()]*\)", "", args))
                 for name, args in re.findall(r"^method (\w+)\(((?:[^()]|\([^()]*\))*)\) ->", text, re.M)}
    assert described == {name: re.findall(r"(\w+):", args) for name, args in table}
    assert len(described) >= 5


def names_of_type(text, name):
    body = re.search(rf"^type {name} \((.*?)\)$", text, re.M | re.S)
    return set(re.findall(r"(\w+):", body.group(1)))


def test_replies_have_the_members_that_are_described(path):
    with open(os.path.join(ROOT, "src/common/org.winnow.Control.varlink"), encoding="ascii") as f:
        text = re.sub(r"#.*", "", f.read())
    with Peer(path), Client(path) as c:
        status = c.call(CONTROL + "Status")["parameters"]
        body = re.search(r"method Status\(\) -> \((.*?)^\)", text, re.M | re.S).group(1)
        assert set(status) == set(re.findall(r"(\w+):", body))
        assert set(status["generation"]) == names_of_type(text, "Generation")
        for kind, name in (("interfaces", "Interface"), ("filters", "Filter"), ("outputs", "Output")):
            listed = c.call(CONTROL + "List", kind=kind)["parameters"]["items"]
            assert listed == status[kind] and set(listed[0]) == names_of_type(text, name)
        counter = c.call(CONTROL + "Stats")["parameters"]["counters"][0]
        assert set(counter) == names_of_type(text, "Counter")


def test_degraded_says_why(path):
    with Peer(path), Client(path) as c:
        status = c.call(CONTROL + "Status")["parameters"]
        assert status["state"] == "degraded"
        assert status["degraded"] == ["interface eth1: missing: no such device"]
        # Bytes that are no UTF-8 do not cost the reply.
        assert status["outputs"][0]["file"] == "/var/log/winnowd/b?h.part"


@pytest.mark.parametrize("select,expected", [
    (["interface.eth0.dropped_packets.ring_full"], {"dropped_packets"}),
    (["filter.web.fault_packets"], {"fault_packets"}),
    (["*.disk.w?itten_*"], {"written_packets", "written_bytes"}),
    (["nothing.*"], set()),
    (["*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"], set()),
])
def test_stats_selects(path, select, expected):
    with Peer(path), Client(path) as c:
        counters = c.call(CONTROL + "Stats", select=select)["parameters"]["counters"]
        assert {x["counter"] for x in counters} == expected


def more(**parameters):
    return json.dumps({"method": CONTROL + "Stats", "more": True, "parameters": parameters}).encode() + b"\0"


def test_stats_come_again_until_the_client_calls_something_else(path):
    with Peer(path), Client(path) as c:
        c.send(more(interval_ms=10, select=["process.*"]))
        replies = [c.receive() for _ in range(4)]
        assert all(r["continues"] for r in replies)
        times = [r["parameters"]["time_ns"] for r in replies]
        assert times == sorted(set(times))
        c.send(message(SERVICE + "GetInfo"))
        while (reply := c.receive()).get("continues"):
            pass
        assert reply["parameters"]["counters"]
        assert "product" in c.receive()["parameters"]
        # What is over does not come back.
        assert c.call(CONTROL + "List", kind="filters")["parameters"]["kind"] == "filters"


def test_stats_end_with_the_clients_half_of_the_connection(path):
    with Peer(path), Client(path) as c:
        c.send(more(interval_ms=3600000))
        assert c.receive()["continues"]
        c.socket.shutdown(socket.SHUT_WR)
        assert "continues" not in c.receive()
        assert c.closed()


def test_stats_of_a_client_that_has_gone_are_forgotten(path):
    with Peer(path, "clients=1") as _:
        for _ in range(8):
            with Client(path) as c:
                c.send(more(interval_ms=10))
                assert c.receive()["continues"]
        assert answers(path)


def test_client_that_wants_more_is_not_idle_and_others_are_served_meanwhile(path):
    with Peer(path, "idle_ms=50"), Client(path) as c:
        c.send(more(interval_ms=200))
        assert c.receive()["continues"] and answers(path) and c.receive()["continues"]


def test_client_that_wants_more_and_does_not_read_is_closed(path):
    with Peer(path, "write_ms=100", "interfaces=50"), Client(path) as c:
        c.send(more(interval_ms=10))
        deadline = time.monotonic() + WAIT
        while counter(path, "control_rejected") == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_more_is_one_reply_where_there_is_no_more(path):
    with Peer(path), Client(path) as c:
        c.send(json.dumps({"method": CONTROL + "Status", "more": True}).encode() + b"\0")
        assert "continues" not in c.receive()
        c.send(more(select=["x"] * 65))
        assert "error" in c.receive()
        c.send(json.dumps({"method": CONTROL + "Stats", "more": True, "oneway": True}).encode() + b"\0")
        assert "product" in c.call(SERVICE + "GetInfo")["parameters"]


@pytest.mark.parametrize("data,error,member", [
    (message(CONTROL + "Frob"), SERVICE + "MethodNotFound", CONTROL + "Frob"),
    (message("org.example.X.Y"), SERVICE + "InterfaceNotFound", "org.example.X"),
    (message("nodots"), SERVICE + "InterfaceNotFound", "nodots"),
    (message(CONTROL + "Status", {"verbose": True}), SERVICE + "InvalidParameter", "verbose"),
    (message(CONTROL + "Reload", {"dry_run": 1}), SERVICE + "InvalidParameter", "dry_run"),
    (message(CONTROL + "Stats", {"select": [1]}), SERVICE + "InvalidParameter", "select"),
    (message(CONTROL + "Stats", {"select": ["x"] * 65}), SERVICE + "InvalidParameter", "select"),
    (message(CONTROL + "Stats", {"interval_ms": "1"}), SERVICE + "InvalidParameter", "interval_ms"),
    (message(CONTROL + "Stats", {"interval_ms": 9}), SERVICE + "InvalidParameter", "interval_ms"),
    (message(CONTROL + "Stats", {"interval_ms": 3600001}), SERVICE + "InvalidParameter", "interval_ms"),
    (message(CONTROL + "List"), SERVICE + "InvalidParameter", "kind"),
    (message(CONTROL + "List", {"kind": "mops"}), SERVICE + "InvalidParameter", "kind"),
    (b'{"method":5}\0', SERVICE + "InvalidParameter", "method"),
    (b'{"method":"a.B","parameters":[]}\0', SERVICE + "InvalidParameter", "parameters"),
    (b'{"method":"a.B","upgrade":true}\0', SERVICE + "InvalidParameter", "upgrade"),
])
def test_wrong_call_is_answered_and_the_connection_goes_on(path, data, error, member):
    with Peer(path), Client(path) as c:
        c.send(data)
        reply = c.receive()
        assert reply["error"] == error and member in reply["parameters"].values()
        assert "version" in c.call(SERVICE + "GetInfo")["parameters"]


@pytest.mark.parametrize("outcome,phase", [("applied", "done"), ("unchanged", "unchanged"), ("rejected", "rejected")])
def test_reload_says_what_became_of_it(path, outcome, phase):
    with Peer(path, f"outcome={outcome}"), Client(path) as c:
        checked = c.call(CONTROL + "Reload", dry_run=True)
        assert checked["parameters"]["generation"]["number"] == 7
        reply = c.call(CONTROL + "Reload")
        assert reply.get("error") == (CONTROL + "ConfigInvalid" if phase == "rejected" else None)
        assert reply["parameters"]["phase"] == phase
        assert reply["parameters"]["generation"]["number"] == (8 if phase == "done" else 7)
        codes = [d["code"] for d in reply["parameters"]["diagnostics"]]
        assert codes == (["C034", "C012", "P110"] if phase == "rejected" else ["C034"])


def test_stop_answers_before_it_stops_and_leaves_nothing(path):
    peer = Peer(path)
    with Client(path) as c:
        assert c.call(CONTROL + "Stop") == {"parameters": {}}
        assert c.closed()
    assert peer.process.wait(WAIT) == 0
    assert os.listdir(path.parent) == []


# How it arrives

def test_replies_to_pipelined_calls_come_in_order(path):
    with Peer(path), Client(path) as c:
        kinds = ["interfaces", "filters", "outputs"] * 60
        c.send(b"".join(message(CONTROL + "List", {"kind": k}) for k in kinds))
        assert [c.receive()["parameters"]["kind"] for _ in kinds] == kinds


def test_pipelined_calls_before_half_close_are_all_answered(path):
    with Peer(path), Client(path) as c:
        c.send(message(SERVICE + "GetInfo") * 20)
        c.socket.shutdown(socket.SHUT_WR)
        assert all(c.receive()["parameters"]["product"] == "winnowd" for _ in range(20))
        assert c.closed()


def test_message_may_come_byte_by_byte(path):
    with Peer(path), Client(path) as c:
        for byte in message(CONTROL + "List", {"kind": "filters"}):
            c.send(bytes([byte]))
        assert c.receive()["parameters"]["kind"] == "filters"


def test_oneway_call_is_not_answered(path):
    with Peer(path), Client(path) as c:
        c.send(b'{"method":"org.winnow.Control.Status","oneway":true}\0')
        assert "product" in c.call(SERVICE + "GetInfo")["parameters"]


def test_longest_message_is_read_and_one_byte_more_is_not(path):
    with Peer(path) as _, Client(path) as c:
        c.send(message(SERVICE + "GetInfo")[:-1].ljust(1 << 20) + b"\0")
        assert "product" in c.receive()["parameters"]
    with Peer(path) as _, Client(path) as c:
        c.send(b"x" * ((1 << 20) + 1))
        reply = c.receive()
        assert reply["error"] == CONTROL + "LimitExceeded"
        assert reply["parameters"] == {"limit": "request_bytes", "max": 1 << 20}
        assert c.closed()
        assert answers(path)


GARBAGE = {
    "binary": bytes(range(256)) * 16,
    "no json": b"GET / HTTP/1.1\r\n\r\n\0",
    "empty": b"\0",
    "nuls": b"\0" * 5000,
    "duplicate keys": b'{"method":"a.B","method":"a.B"}\0',
    "deep": b'{"method":"a.B","x":' + b"[" * 5000 + b"]" * 5000 + b"}\0",
    "values": b'{"method":"a.B","x":[' + b"0," * 200000 + b"0]}\0",
    "not a number": b'{"method":"a.B","parameters":{"x":NaN}}\0',
    "two objects": b'{"method":"a.B"}{"method":"a.B"}\0',
    "bad utf-8": b'{"method":"\xff\xfe"}\0',
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_closes_its_connection_and_no_other(path, kind):
    with Peer(path), Client(path) as good, Client(path) as bad:
        assert "product" in good.call(SERVICE + "GetInfo")["parameters"]
        bad.send(GARBAGE[kind])
        assert bad.closed()
        assert "product" in good.call(SERVICE + "GetInfo")["parameters"]
        assert answers(path)


def test_client_that_goes_away_in_the_middle_harms_nobody(path):
    with Peer(path, "interfaces=500"):
        for data in (b"", b"{", b'{"method":"a', message(CONTROL + "Status"), message(CONTROL + "Status") * 50):
            for _ in range(10):
                with Client(path) as c:
                    c.send(data)
        assert answers(path)


# How long it takes

def test_silent_client_is_closed(path):
    with Peer(path, "idle_ms=200"), Client(path) as c:
        assert c.closed()


def test_slow_client_is_closed_and_others_are_served_meanwhile(path):
    with Peer(path, "request_ms=500"), Client(path) as slow:
        done = threading.Event()

        def drip():
            while not done.wait(0.02):
                slow.send(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            for _ in range(5):
                assert answers(path)
            assert slow.closed()
        finally:
            done.set()
            thread.join()


def test_client_that_never_reads_is_closed_and_others_are_served_meanwhile(path):
    with Peer(path, "write_ms=500", "interfaces=2000"), Client(path) as deaf:
        deaf.send(message(CONTROL + "List", {"kind": "interfaces"}) * 10)
        for _ in range(3):
            with Client(path) as c:
                assert len(c.call(CONTROL + "List", kind="interfaces")["parameters"]["items"]) == 2000
        # The end comes without our reading: more than one reply never fits.
        poller = select.poll()
        poller.register(deaf.socket, select.POLLRDHUP)
        assert poller.poll(WAIT * 1000)
        data = b""
        while chunk := deaf.socket.recv(1 << 20):
            data += chunk
        assert data.count(b"\0") == 0


def test_client_that_waits_for_nothing_is_not_closed_while_it_works(path):
    with Peer(path, "idle_ms=400"), Client(path) as c:
        for _ in range(8):
            assert "product" in c.call(SERVICE + "GetInfo")["parameters"]
            time.sleep(0.1)


def test_reply_beyond_the_limit_is_an_error(path):
    with Peer(path, "interfaces=8000"), Client(path) as c:
        reply = c.call(CONTROL + "Status")
        assert reply["error"] == CONTROL + "LimitExceeded" and reply["parameters"]["limit"] == "reply_bytes"


# How many

def test_clients_of_one_user_are_limited_and_room_comes_back(path):
    with Peer(path, "per_uid=4"):
        clients = [Client(path) for _ in range(4)]
        for c in clients:
            assert "product" in c.call(SERVICE + "GetInfo")["parameters"]
        for _ in range(50):
            with Client(path) as late:
                reply = late.receive()
                assert reply["error"] == CONTROL + "LimitExceeded"
                assert reply["parameters"] == {"limit": "clients_per_uid", "max": 4}
                assert late.closed()
        clients[0].socket.close()
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            with Client(path) as c:
                if "parameters" in (reply := c.call(SERVICE + "GetInfo")) and "error" not in reply:
                    break
        else:
            pytest.fail("no room came back")
        for c in clients:
            c.socket.close()


def as_user(uid, function):
    """Run in a child with another uid and no groups; returns what it gives, as JSON can carry it."""
    global CTL
    with tempfile.TemporaryDirectory() as public:
        # The build may lie where that user may not go.
        os.chmod(public, 0o755)
        copy = shutil.copy(CTL, public)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                CTL = copy
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                os.write(writer, json.dumps(function()).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader, "rb") as f:
            data = f.read()
        os.waitpid(pid, 0)
    return json.loads(data)


@root_only
def test_administrator_is_served_while_others_take_every_place(path):
    os.chmod(path.parent.parent, 0o755)
    os.chmod(path.parent, 0o755)
    os.chmod(path.parent.parent.parent, 0o755)
    with Peer(path, "clients=8", "per_uid=8", "mode=666"):
        def hold():
            clients = [Client(path) for _ in range(20)]
            replies = [c.call(SERVICE + "GetInfo") for c in clients]
            return [r.get("error") for r in replies].count(None), ctl(path, "ping").returncode

        served, exit_status = as_user(NOBODY, hold)
        assert served == 8 and exit_status == 1
        assert answers(path)


@root_only
def test_who_may_only_look_may_not_change(path):
    for p in (path.parent, path.parent.parent, path.parent.parent.parent):
        os.chmod(p, 0o755)
    with Peer(path, "mode=666"):
        def ask():
            with Client(path) as c:
                return [c.call(CONTROL + m) for m in ("Status", "Reload", "Stop")] + [ctl(path, "reload").returncode]

        status, reload, stop, exit_status = as_user(NOBODY, ask)
        assert "error" not in status
        assert reload == stop == {"error": CONTROL + "Denied", "parameters": {"need": "admin"}}
        assert exit_status == 4
        assert answers(path)


@root_only
def test_socket_without_permission_is_exit_4(path):
    for p in (path.parent, path.parent.parent, path.parent.parent.parent):
        os.chmod(p, 0o755)
    with Peer(path, "mode=600"):
        assert as_user(NOBODY, lambda: ctl(path, "status").returncode) == 4


def test_flood_of_requests_is_answered_in_order_or_told_to_wait(path):
    with Peer(path), Client(path) as flood:
        calls = 1500
        sender = threading.Thread(target=flood.send, args=(message(SERVICE + "GetInfo") * calls,))
        sender.start()
        assert answers(path)
        replies = [flood.receive() for _ in range(calls)]
        sender.join()
        assert all("error" not in r or r["error"] == CONTROL + "Busy" for r in replies)


def test_flood_of_giants_is_told_to_wait(path):
    giant = b'{"method":"' + b"x" * 1000000 + b'"}\0'
    with Peer(path), Client(path) as a, Client(path) as b:
        errors = []
        for _ in range(8):
            for c in (a, b):
                c.send(giant)
            errors += [c.receive()["error"] for c in (a, b)]
        assert set(errors) <= {SERVICE + "InterfaceNotFound", CONTROL + "Busy"}
        assert "product" in a.call(SERVICE + "GetInfo")["parameters"]


def test_flood_of_connections_leaves_the_daemon_as_it_was(path):
    with Peer(path) as peer:
        assert answers(path)
        fds = len(os.listdir(f"/proc/{peer.process.pid}/fd"))
        for _ in range(3000):
            Client(path).socket.close()
        assert answers(path)
        deadline = time.monotonic() + WAIT
        while len(os.listdir(f"/proc/{peer.process.pid}/fd")) > fds and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(os.listdir(f"/proc/{peer.process.pid}/fd")) <= fds


def test_without_descriptors_clients_are_told_and_served_again_later(path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    with Peer(path, "per_uid=64", preexec_fn=limit):
        clients = [Client(path) for _ in range(30)]
        for c in clients:
            c.send(message(SERVICE + "GetInfo"))
        replies = []
        for c in clients:
            replies.append(c.receive())
        busy = [r for r in replies if r and r.get("error") == CONTROL + "Busy"]
        served = [r for r in replies if r and "error" not in r]
        assert busy and served and len(busy) + len(served) == 30
        for c in clients:
            c.socket.close()
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            with Client(path) as c:
                if "error" not in (c.call(SERVICE + "GetInfo") or {"error": ""}):
                    break
        else:
            pytest.fail("nobody was served again")


# Where it lies

def test_socket_has_its_mode(path):
    with Peer(path, "mode=640"):
        assert os.stat(path).st_mode & 0o7777 == 0o640
        assert os.stat(str(path) + ".lock").st_mode & 0o7777 == 0o600


def test_socket_left_by_a_killed_daemon_is_taken_over(path):
    peer = Peer(path)
    peer.process.kill()
    peer.process.wait()
    assert path.exists() and os.path.exists(str(path) + ".lock")
    with Peer(path):
        assert answers(path)
    assert os.listdir(path.parent) == []


def test_second_daemon_is_refused_with_the_pid_of_the_first(path):
    with Peer(path) as first:
        inode = os.stat(path).st_ino
        second = Peer(path)
        _, errors = second.process.communicate(timeout=WAIT)
        assert second.process.returncode == 75
        assert f"pid {first.process.pid}" in errors
        assert os.stat(path).st_ino == inode and answers(path)


def make(kind, path):
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    else:
        (path.parent / "target").write_text("precious")
        path.symlink_to("target")


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link"])
def test_what_is_no_socket_is_not_touched(path, kind):
    make(kind, path)
    before = os.lstat(path)
    peer = Peer(path)
    _, errors = peer.process.communicate(timeout=WAIT)
    assert peer.process.returncode == 73 and "no socket" in errors
    after = os.lstat(path)
    assert (before.st_ino, before.st_mode, before.st_mtime_ns) == (after.st_ino, after.st_mode, after.st_mtime_ns)
    assert sorted(os.listdir(path.parent)) == (["c.sock", "target"] if kind == "link" else ["c.sock"])


def test_missing_directory_and_overlong_path_are_named(tmp_path):
    for path in (tmp_path / "missing" / "c.sock", tmp_path / ("x" * 120)):
        peer = Peer(path)
        _, errors = peer.process.communicate(timeout=WAIT)
        assert peer.process.returncode == 73
        assert "cannot" in errors or "longer" in errors


def test_swap_has_no_moment_without_a_socket(path):
    """A killed daemon's successor takes over while clients connect all the time: each sees old or new."""
    first = Peer(path)
    first.process.kill()
    first.process.wait()
    missing, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            if not os.path.lexists(path):
                missing.append(time.monotonic())

    thread = threading.Thread(target=look)
    thread.start()
    with Peer(path):
        stop.set()
        thread.join()
        assert not missing
        assert answers(path)


# winnowctl

class Fake:
    """Somebody else at the socket: accepts once, reads a message, answers with what it is given."""

    def __init__(self, path, *replies):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.replies = replies
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        connection, _ = self.listener.accept()
        for reply in self.replies:
            while b"\0" not in connection.recv(65536):
                pass
            connection.sendall(reply)
        if self.replies:
            connection.close()
        else:
            self.kept = connection

    def close(self):
        self.listener.close()


@pytest.mark.parametrize("command", [["status"], ["stat"], ["list", "filters"], ["reload"], ["stop"], ["ping"]])
def test_not_running_is_exit_3(path, command):
    done = ctl(path, *command)
    assert done.returncode == 3 and "is winnowd running?" in done.stderr
    done = ctl(path, "-j", *command)
    assert done.returncode == 3 and json.loads(done.stdout)["error"] == "not_running"


def test_no_answer_is_exit_5(path):
    fake = Fake(path)
    assert ctl(path, "--timeout", "100ms", "status").returncode == 5
    fake.close()


@pytest.mark.parametrize("reply", [b"SSH-2.0-x\r\n\0", b"[]\0", b'{"error":5}\0'])
def test_other_protocol_is_exit_6(path, reply):
    fake = Fake(path, reply)
    assert ctl(path, "status").returncode == 6
    fake.close()


def test_older_daemon_is_exit_6_with_both_versions(path):
    fake = Fake(path, b'{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"x"}}\0',
                b'{"parameters":{"product":"winnowd","version":"0.0.7"}}\0')
    done = ctl(path, "status")
    assert done.returncode == 6 and "0.0.7" in done.stderr
    assert subprocess.run([CTL, "-V"], capture_output=True, text=True, check=True).stdout.split()[1] in done.stderr
    fake.close()


def test_closed_connection_is_exit_3(path):
    fake = Fake(path, b"{")
    assert ctl(path, "status").returncode == 3
    fake.close()


def test_strings_of_the_daemon_do_not_steer_the_terminal(path):
    fake = Fake(path, json.dumps({"parameters": {"kind": "filters", "items": [
        {"name": "a\x1b[31mb", "source": "x\r\x07y"}]}}).encode() + b"\0")
    done = ctl(path, "list", "filters")
    assert done.returncode == 0 and "\x1b" not in done.stdout and "\x07" not in done.stdout
    assert "a?[31mb" in done.stdout
    fake.close()


@pytest.mark.parametrize("args", [[], ["frob"], ["status", "x"], ["list"], ["list", "mops"], ["map"], ["map", "dump", "web"], ["list", "--rate"],
                                  ["--frob"], ["stat", "-w", "5"], ["stat", "--timeout", "-1s"], ["-j=long", "status"],
                                  ["run", "icmp"], ["check"], ["asm"], ["--color", "red", "status"]])
def test_wrong_command_line_is_exit_2(path, args):
    done = ctl(path, *args)
    assert done.returncode == 2 and "winnowctl" in done.stderr and not done.stdout


@pytest.mark.parametrize("args, expected", [
    (["stat", "-w", "5"], '--watch: "5": expected a time with its unit'),
    (["run", "--fuel", "0"], '--fuel: "0": expected a whole number above 0'),
    (["-j=long", "status"], "expected pretty|short;"),
    (["run", "--engine", "fast"], '"fast": expected auto|jit|interp|reference'),
])
def test_a_wrong_value_is_answered_with_the_right_form(path, args, expected):
    assert expected in ctl(path, *args).stderr


@pytest.mark.parametrize("args, expected", [
    (["frob", "-j"], "frob: no such command"),
    (["status", "x", "--json=short"], 'status: takes no operand "x"'),
    (["run", "--fuel", "0", "--json=pretty"], '--fuel: "0": expected a whole number above 0'),
    (["--frob", "--json"], "cannot understand the options"),
])
def test_a_wrong_command_line_is_json_if_that_is_asked_for_anywhere(path, args, expected):
    done = ctl(path, *args)
    answer = json.loads(done.stdout)
    assert done.returncode == 2
    assert answer == {"error": "usage", "message": expected, "parameters": None}
    assert done.stdout.count("\n") == (1 if "--json=short" in args else 5)


def test_stop_waits_for_the_end(path):
    peer = Peer(path)
    assert ctl(path, "stop").returncode == 0
    assert peer.process.wait(WAIT) == 0


def test_rates_and_watch(path):
    with Peer(path):
        done = ctl(path, "stat", "--rate", "-w", "50ms", "-j=short", "--timeout", "5s", "frob")
        assert done.returncode == 1
        watch = subprocess.Popen([CTL, "-s", str(path), "stat", "-w", "20ms", "-j=short", "process.control_requests"],
                                 stdout=subprocess.PIPE, text=True)
        values = []
        for _ in range(4):
            values.append(json.loads(watch.stdout.readline())["counters"][0]["value"])
            counter(path, "control_requests")  # asks, and so counts
            while json.loads(watch.stdout.readline())["counters"][0]["value"] == values[-1]:
                pass
        watch.terminate()
        watch.communicate(timeout=WAIT)
        assert values == sorted(set(values))


def test_every_option_is_in_help_and_completion():
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    commands = complete("")
    assert "status" in commands and "run" in commands
    for command in commands:
        assert re.search(rf"^  {command} ", text, re.M)
        own = subprocess.run([CTL, command, "--help"], capture_output=True, text=True, check=True).stdout
        assert set(re.findall(r"--[a-z-]+", own)) - {"--help"} == set(complete(command, "--")) - {"--help"}


def complete(*words, path="/nonexistent"):
    done = subprocess.run([CTL, "complete", "--shell", "bash", "--", *words], capture_output=True, text=True,
                          check=True, env={**os.environ, "WINNOW_SOCKET": str(path)})
    return done.stdout.split()


def test_completion_of_operands_and_values(path):
    assert complete("list", "") == ["interfaces", "filters", "outputs", "maps"]
    assert complete("check", "--engine", "j") == ["jit"]
    assert complete("disasm", "--dialect", "") == ["kernel", "mnemonic"]
    assert complete("run", "--read", "") == []
    assert complete("st") == ["status", "stat", "stop"]
    assert complete("stat", "i") == []
    with Peer(path):
        assert complete("stat", "", path=path) == ["interface.eth0", "interface.eth1", "filter.web", "output.disk",
                                                   "process"]


# Golden texts: what people see, to the letter. WINNOW_GOLDEN=write writes them anew.

SAMPLE = os.path.join(ROOT, "conf/sample.pcap")

GOLDEN = {
    "status": ["status"],
    "status.json": ["status", "-j"],
    "stat": ["stat", "--nonzero", "interface", "filter", "output"],
    "stat.json": ["stat", "-j=short", "filter.web.*_packets"],
    "list_interfaces": ["list", "interfaces"],
    "list_filters": ["list", "filters"],
    "list_outputs": ["list", "outputs"],
    "list_outputs.json": ["list", "outputs", "--json"],
    "reload_rejected": ["reload"],
    "reload_rejected.json": ["reload", "-j"],
    "check_accepted": ["check", "--engine", "interp", "good.s"],
    "check_rejected": ["check", "bad.s"],
    "check_rejected.json": ["check", "-j", "bad.s"],
    "check_accepted.json": ["check", "-j", "--engine", "interp", "good.s"],
    "check_expression": ["check", "tcp", "prt", "80"],
    "asm": ["asm", "good.s"],
    "asm.json": ["asm", "-j=short", "good.s"],
    "asm_error": ["asm", "typo.s"],
    "disasm": ["disasm", "good.s", "--numbers"],
    "disasm_mnemonic": ["disasm", "good.s", "--dialect", "mnemonic", "--labels"],
    "run": ["run", "--engine", "interp", "icmp", "or", "arp", "-r", SAMPLE],
    "run.json": ["run", "--engine", "interp", "-j", "udp port 53", "-r", SAMPLE],
    "run_verdicts": ["run", "--engine", "reference", "--verdicts", "fault.s", "-r", SAMPLE, "-c", "30"],
    "help_check": ["check", "--help"],
    "help_run": ["run", "--help"],
    "help": ["--help"],
    "help_stat": ["stat", "--help"],
}

SOURCES = {
    "good.s": "r0 = 0\nif r2 < 14 goto out\nr0 = *(u16 *)(r1 + 12)\nr0 = be16 r0\nr3 = 0x123456789 ll\nout: exit\n",
    "bad.s": "r0 = 0\ngoto +7\nexit\n",
    "fault.s": "r0 = *(u8 *)(r1 + 80)\nr0 &= 1\nexit\n",
    "typo.s": "r0 = 0\nr1 = r77\nexit\n",
}


def masked(text):
    # What the optimiser makes of a program may become better.
    text = re.sub(r'("(?:time_ns|pid|guarded|ops|stack_bytes|stack_cleared|verify_\w+)": ?)\d+', r"\g<1>0", text)
    text = re.sub(r"^(  engine +interp:) [\d ]+", r"\1 0 ", text, flags=re.M)
    text = re.sub(r"^(  verifier +)[\d.]+ us, [\d ]+ steps?, [\d ]+ states?, [\d.]+ [A-Za-z]+$", r"\g<1>0", text, flags=re.M)
    text = re.sub(r'("(?:instance_id|time)": ?)"[^"]*"', r'\g<1>""', text)
    text = re.sub(r'("version": ?)"[^"]*"', r'\g<1>"VERSION"', text)
    text = re.sub(r"^winnowd \S+ \(default\), pid \d+, up [^,]*,", "winnowd VERSION (default), pid PID, up AGE,", text)
    return text


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(path, name):
    for source, text in SOURCES.items():
        (path.parent / source).write_text(text)
    with Peer(path, "outcome=rejected"):
        done = ctl(path, *GOLDEN[name], cwd=path.parent)
    got = masked(done.stdout) + (f"--- stderr\n{done.stderr}" if done.stderr else "") + f"--- exit {done.returncode}\n"
    golden = os.path.join(ROOT, "tests/golden/ctl", name)
    if os.environ.get("WINNOW_GOLDEN") == "write":
        with open(golden, "w", encoding="utf-8") as f:
            f.write(got)
    with open(golden, encoding="utf-8") as f:
        expected = f.read()
    assert got == expected, "".join(difflib.unified_diff(expected.splitlines(True), got.splitlines(True)))
