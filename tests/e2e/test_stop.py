# SPDX-License-Identifier: MIT
"""The end: asked for, asked for twice, or not asked for at all."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import WINNOWD, check_sequence, needs_root, wait_for

pytestmark = needs_root

CONF = """
[interface wn1]
filter = all
outputs = disk
ring = 64MiB
{timeout}

[filter all]
expr = udp

[output disk]
type = file
dir = {{out}}
min_free = 0
flush_interval = 100ms
"""


def conf(timeout=""):
    return CONF.format(timeout=timeout)


def records(path):
    """The numbers in a file, up to where it is whole."""
    text = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "data.data"], capture_output=True, text=True,
                          check=False).stdout
    return [int(line[:16], 16) for line in text.split()]


@pytest.mark.parametrize("timeout", ["", "timeout = 1s"])
def test_everything_sent_before_is_in_the_file(daemon, timeout):
    """F56: what the ring holds is drained, also a block that its timeout has not yet closed."""
    daemon.start(conf(timeout))
    daemon.net.send(5000)
    assert daemon.stop() == 0
    assert daemon.files(".part") == []
    check_sequence(5000, daemon.files())
    assert daemon.notify.words() == ["READY=1", "STOPPING=1"]


def test_under_load_files_are_whole_and_without_gap(daemon):
    """F56"""
    daemon.start(conf())
    sender = daemon.net.sender(100000, 30000)
    wait_for("half of it", lambda: daemon.interface()["delivered_packets"] > 30000)
    assert daemon.stop() == 0
    sender.kill()
    sender.wait()
    assert daemon.files(".part") == []
    (path,) = daemon.files()
    numbers = records(path)
    assert numbers == list(range(len(numbers))) and len(numbers) > 30000
    # The statistics at the end say the same: all that the kernel took was delivered.
    text = subprocess.run(["capinfos", "-T", "-M", "-c", path], capture_output=True, text=True, check=True).stdout
    assert str(len(numbers)) in text


def test_asked_twice_it_ends_at_once(daemon):
    """F58"""
    daemon.start(conf("timeout = 1s"))
    daemon.net.send(100)
    os.kill(daemon.process.pid, signal.SIGSTOP)
    os.kill(daemon.process.pid, signal.SIGTERM)
    os.kill(daemon.process.pid, signal.SIGINT)
    os.kill(daemon.process.pid, signal.SIGCONT)
    assert daemon.process.wait(timeout=10) == 1
    daemon.process = None
    assert len(daemon.files(".part")) == 1


def test_stop_over_the_control_socket(daemon):
    daemon.start(conf())
    daemon.net.send(100)
    assert daemon.call("Stop")[0] is None
    assert daemon.process.wait(timeout=10) == 0
    daemon.process = None
    check_sequence(100, daemon.files())


def test_killed_what_was_reported_written_is_readable(daemon):
    """F41"""
    daemon.start(conf())
    sender = daemon.net.sender(200000, 30000)
    for _ in range(3):
        before = daemon.output()["written_packets"]
        wait_for("something to be written", lambda: daemon.output()["written_packets"] > before)  # noqa: B023
    written = daemon.output()["written_packets"]
    daemon.process.kill()
    daemon.process.wait()
    sender.kill()
    sender.wait()
    (path,) = daemon.files(".part")
    numbers = records(path)
    assert len(numbers) >= written > 0
    assert numbers == list(range(len(numbers)))
    # A successor takes the lock, the socket and the name.
    daemon.notify.messages.clear()
    daemon.start()
    daemon.net.send(10)
    daemon.delivered(10)
    assert daemon.stop() == 0


def test_a_second_daemon_is_refused(daemon):
    """F12"""
    daemon.start(conf())
    second = subprocess.run(daemon.net.command(WINNOWD, "--config", daemon.conf), capture_output=True, text=True,
                            check=False, timeout=20)
    assert second.returncode == 75
    assert str(daemon.process.pid) in second.stderr
    assert daemon.call("Status")[0] is None
    assert len(os.listdir(daemon.out)) == 1


def test_watchdog_is_fed_as_long_as_the_loop_turns(daemon):
    """F61"""
    daemon.start(conf(), env={"WATCHDOG_USEC": "400000"})

    def meals():
        return sum(m[0] == "WATCHDOG=1" for m in daemon.notify.collect())

    wait_for("keep-alives", lambda: meals() >= 3)
    os.kill(daemon.process.pid, signal.SIGSTOP)
    time.sleep(0.5)
    before = meals()
    time.sleep(0.5)
    assert meals() == before
    os.kill(daemon.process.pid, signal.SIGCONT)
    wait_for("keep-alives again", lambda: meals() > before)


def test_works_without_anybody_to_notify(daemon):
    """F62"""
    daemon.start(conf(), ready=False, env={"NOTIFY_SOCKET": "/nonexistent/notify"})
    wait_for("the socket", lambda: os.path.exists(daemon.sock))
    wait_for("an answer", lambda: json.dumps(daemon.call("Status")[1]))
    assert daemon.stop() == 0
