# SPDX-License-Identifier: MIT
"""`winnowd -i`: a look at an interface without configuration."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import WINNOWD, Notify, check_sequence, needs_root, wait_for

pytestmark = needs_root


class Quick:
    def __init__(self, net, *argv, stdout=subprocess.PIPE):
        notify = Notify(os.path.join("/tmp", net.name, f"notify-{time.monotonic_ns()}"))
        self.process = subprocess.Popen(net.command(WINNOWD, "-i", "wn1", *argv), stdout=stdout, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, "NOTIFY_SOCKET": notify.path})
        wait_for("READY=1", lambda: "READY=1" in notify.words())
        notify.close()

    def end(self, number=signal.SIGINT):
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


def table(err):
    return json.loads(next(line for line in err.splitlines() if line.startswith("{")))


def test_counts_each_second_and_at_the_end(net):
    quick = Quick(net, "--stats=json", "udp")
    net.send(100)
    line = ""
    while "packets 100 " not in line:
        line = quick.process.stdout.readline()
        assert line
    status, _, err = quick.end()
    assert status == 0
    t = table(err)
    assert (t["packets"], t["accepted"], t["rejected"], t["dropped"]) == (100, 100, 0, 0)


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_writes_a_file(net, work, form):
    path = os.path.join(work, "out")
    quick = Quick(net, "-w", path, "--format", form, "--stats=json", "udp")
    net.send(20000, rate=20000)
    status, out, err = quick.end()
    assert status == 0 and out == ""
    assert table(err)["written"] == 20000
    check_sequence(20000, [path])


def test_stops_after_so_many(net, work):
    path = os.path.join(work, "out")
    quick = Quick(net, "-c", "7", "-w", path, "--stats=json")
    net.send(100)
    status, _, err = quick.end(None)
    assert status == 0
    assert (table(err)["accepted"], table(err)["written"]) == (7, 7)
    check_sequence(7, [path])


def test_filters_see_whole_packets_however_little_is_written(net, work):
    path = os.path.join(work, "out")
    quick = Quick(net, "-s", "20", "-w", path, "--format", "pcap", "--stats=json", "udp")
    net.send(10)
    quick.end()
    with open(path, "rb") as f:
        data = f.read()
    assert len(data) == 24 + 10 * (16 + 20)


def test_stops_after_a_time(net):
    status, _, err = Quick(net, "--duration", "200ms", "--stats=json", "--exit-match").end(None)
    assert status == 1
    assert table(err)["packets"] == 0


def test_streams_into_a_pipe_while_it_runs(net):
    read, write = os.pipe()
    quick = Quick(net, "-q", "-w", "-", "udp", stdout=write)
    os.close(write)
    shark = subprocess.Popen(["tshark", "-l", "-n", "-r", "-", "-T", "fields", "-e", "frame.number"], stdin=read,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    os.close(read)
    net.send(50)
    # They arrive before the stream ends: nobody has to wait for a buffer to fill.
    assert [shark.stdout.readline().strip() for _ in range(50)] == [str(n + 1) for n in range(50)]
    assert quick.end()[0] == 0
    assert shark.wait(timeout=20) == 0


def test_a_reader_that_goes_away_ends_it(net):
    read, write = os.pipe()
    quick = Quick(net, "-q", "-w", "-", stdout=write)
    os.close(write)
    os.close(read)
    net.send(10)
    assert quick.end(None)[0] == 0


def test_the_list_is_json_whatever_interfaces_are_called(net):
    net.pair('a"b', "c\\d")
    listed = json.loads(net.run(WINNOWD, "--list-interfaces", "--json").stdout)
    assert {'a"b', "c\\d", "wn0", "wn1"} <= {i["name"] for i in listed}
    assert all(line == line.rstrip() for line in net.run(WINNOWD, "--list-interfaces").stdout.splitlines())


def test_no_such_interface_is_69(net):
    result = subprocess.run(net.command(WINNOWD, "-i", "nosuch0"), capture_output=True, text=True, check=False,
                            timeout=20)
    assert result.returncode == 69
    assert "nosuch0" in result.stderr


def test_bad_expressions_and_outputs_have_their_statuses(net):
    def status(*argv):
        return subprocess.run(net.command(WINNOWD, "-i", "wn1", *argv), capture_output=True, check=False,
                              timeout=20).returncode

    assert status("udp prot") == 65
    assert status("-F", "/nonexistent.o") == 66
    assert status("-w", "/nonexistent/out") == 73


def test_control_socket_on_request_only(net, work):
    sock = os.path.join(work, "sock")
    quick = Quick(net, "-S", sock, "-q")
    wait_for("the socket", lambda: os.path.exists(sock))
    assert quick.end()[0] == 0
    assert not os.path.exists(sock)
