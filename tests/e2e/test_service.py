# SPDX-License-Identifier: MIT
"""The unit as it is installed, under a real systemd: start, live capture with all its hardening, reload, a reload that
fails, the watchdog, stop. Needs root (see boot.py); anyone else gets SKIP.
"""
import json
import os
import subprocess
import time

import pytest

import boot

BUILD = os.environ["WINNOW_BUILD"]
ROOT = os.environ["WINNOW_ROOT"]

pytestmark = pytest.mark.skipif(boot.why_not() is not None, reason=str(boot.why_not()))

CONF = """\
[filter numbered]
expr = {expr}

[interface wn1]
filter = numbered
outputs = disk

[output disk]
type = file
dir = {dir}
min_free = 0
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    tree = str(tmp_path_factory.mktemp("tree"))
    # Installed where a package would put it, so that the unit's paths are the real ones.
    build = os.path.join(BUILD, "service")
    if not os.path.exists(build):
        subprocess.run(["meson", "setup", build, ROOT, "--prefix=/usr", "--sysconfdir=/etc"], check=True,
                       capture_output=True)
    subprocess.run(["ninja", "-C", build], check=True, capture_output=True)
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet"], check=True, capture_output=True,
                   env=dict(os.environ, DESTDIR=tree))
    with boot.Machine(tree) as m:
        m.sh("systemd-sysusers && systemctl daemon-reload")
        m.net("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 && "
              "ip link add wn0 type veth peer name wn1 && ip link set wn0 up && ip link set wn1 up")
        configure(m)
        yield m


def configure(m, expr="udp port 9", directory="/var/log/winnowd"):
    with open(m.path("/etc/winnowd/winnowd.conf"), "w", encoding="ascii") as f:
        f.write(CONF.format(expr=expr, dir=directory))


def status(m):
    return json.loads(m.sh("winnowctl --json status", check=False).stdout)


def counters(m):
    stat = json.loads(m.sh("winnowctl --json stat").stdout)
    return {(c["object"], c["name"], c["counter"], c.get("cause")): c["value"] for c in stat["counters"]}


def wait_for_count(m, key, value, seconds=10):
    deadline = time.monotonic() + seconds
    while counters(m).get(key) != value:
        assert time.monotonic() < deadline, (key, value, counters(m))
        time.sleep(0.05)


def send(m, count, first=0):
    done = subprocess.run(["ip", "netns", "exec", m.netns, os.path.join(BUILD, "tests/e2e/sender"), "wn0", str(count),
                           "20000", str(first)], check=True, capture_output=True, text=True)
    return int(done.stdout)


def show(m, *names):
    text = m.sh("systemctl show winnowd -p " + ",".join(names)).stdout
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.fixture(scope="module")
def started(machine):
    done = machine.sh("systemctl start winnowd", check=False)
    assert done.returncode == 0, machine.sh("systemctl status winnowd; journalctl -u winnowd", check=False).stdout
    return machine


def test_start_returns_when_the_daemon_is_ready(started):
    state = show(started, "ActiveState", "SubState", "StatusText", "NRestarts")
    assert state["ActiveState"] == "active" and state["SubState"] == "running"
    assert "generation 1" in state["StatusText"]
    assert started.sh("winnowctl ping").returncode == 0


def test_it_runs_as_winnowd_with_nothing_but_the_right_to_capture(started):
    pid = show(started, "MainPID")["MainPID"]
    proc = started.sh(f"cat /proc/{pid}/status").stdout
    fields = dict(line.split(":\t", 1) for line in proc.splitlines() if ":\t" in line)
    uid = started.sh("id -u winnowd").stdout.strip()
    assert fields["Uid"].split() == [uid] * 4
    assert fields["NoNewPrivs"] == "1"
    cap_net_raw = 1 << 13
    assert int(fields["CapEff"], 16) == cap_net_raw
    assert int(fields["CapBnd"], 16) == cap_net_raw


def test_the_socket_belongs_to_the_group_and_to_nobody_else(started):
    assert started.sh("stat -c '%U %G %a' /run/winnowd/control.sock").stdout.split() == ["winnowd", "winnow", "660"]


def test_machine_code_is_made_under_the_full_hardening(started):
    assert show(started, "MemoryDenyWriteExecute")["MemoryDenyWriteExecute"] == "yes"
    filters = status(started)["filters"]
    assert [f["engine"] for f in filters] == ["jit"], filters


def test_every_packet_is_captured_under_the_full_hardening(started):
    sent = send(started, 20000)
    wait_for_count(started, ("interface", "wn1", "accepted_packets", None), sent)
    c = counters(started)
    assert c["interface", "wn1", "delivered_packets", None] == sent
    assert c["output", "disk", "offered_packets", None] == sent


def test_reload_returns_when_the_new_filter_runs(started):
    configure(started, expr="udp dst port 9")
    started.sh("systemctl reload winnowd")
    assert status(started)["generation"]["number"] == 2
    assert "generation 2" in show(started, "StatusText")["StatusText"]


def test_a_reload_that_fails_fails_visibly_and_changes_nothing(started):
    configure(started, expr="udp dst prot 9")
    done = started.sh("systemctl reload winnowd", check=False)
    assert done.returncode != 0
    state = show(started, "ActiveState", "StatusText")
    assert state["ActiveState"] == "active"
    assert "generation 2" in state["StatusText"]
    assert status(started)["generation"]["number"] == 2
    journal = started.sh("journalctl -u winnowd -o cat", check=False).stdout
    assert "P130" in journal or "P130" in started.console()
    configure(started, expr="udp dst port 9")


def test_a_daemon_that_hangs_is_replaced(started):
    before = show(started, "MainPID", "NRestarts")
    started.sh("mkdir -p /run/systemd/system/winnowd.service.d && "
               "printf '[Service]\\nWatchdogSec=2s\\n' > /run/systemd/system/winnowd.service.d/watchdog.conf && "
               "systemctl daemon-reload && systemctl restart winnowd")
    hung = show(started, "MainPID")["MainPID"]
    assert hung != before["MainPID"]
    started.sh(f"kill -STOP {hung}")
    started.wait("systemctl show winnowd -p NRestarts", "NRestarts=1", seconds=30)
    started.wait("systemctl is-active winnowd", "active", seconds=30)
    assert show(started, "MainPID")["MainPID"] != hung


def test_stop_completes_the_files_and_removes_the_socket(started):
    sent = send(started, 5000, first=20000)
    wait_for_count(started, ("interface", "wn1", "accepted_packets", None), sent)
    started.sh("systemctl stop winnowd")
    assert show(started, "Result")["Result"] == "success"
    names = started.sh("ls -A /var/log/winnowd").stdout.split()
    assert any(n.endswith(".pcapng") for n in names)
    assert not started.sh("ls /run/winnowd/control.sock", check=False).stdout
