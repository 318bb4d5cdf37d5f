# SPDX-License-Identifier: MIT
"""A reload replaces everything or nothing, and no packet notices."""
import os
import signal
import subprocess

import pytest

from conftest import ALL, check_ledger, check_sequence, needs_root, wait_for

pytestmark = needs_root

PACKETS = 200000 if ALL else 60000
RELOADS = 200 if ALL else 60
RATE = 60000 if ALL else 30000

CONF = """
[filter first]
expr = {expr}

[interface wn1]
filter = first
outputs = disk
ring = {ring}
snaplen = {snaplen}

[output disk]
type = file
dir = {{out}}
name = {name}-%{{seq:6}}.pcapng
min_free = 0
"""


def conf(expr="udp", ring="64MiB", snaplen=262144, name="disk"):
    return CONF.format(expr=expr, ring=ring, snaplen=snaplen, name=name).replace("{{", "{").replace("}}", "}")


def under_load(daemon, texts, reloads):
    """Reload through the texts in turn until both the packets and the reloads are done."""
    sender = daemon.net.sender(PACKETS, RATE)
    applied = 0
    while applied < reloads or sender.poll() is None:
        error, answer = daemon.reload(texts[applied % len(texts)])
        assert error is None, answer
        applied += 1
    assert int(sender.communicate()[0]) == PACKETS
    daemon.delivered(PACKETS)
    return applied


@pytest.mark.parametrize("engine", ["auto", "interp"])
def test_no_packet_is_lost_while_filters_are_swapped(daemon, engine):
    texts = [conf(f"udp\nengine = {engine}"), conf(f"ip and not icmp\nengine = {engine}")]
    daemon.start(texts[1])
    applied = under_load(daemon, texts, RELOADS)
    interface = daemon.interface()
    assert daemon.generation() == applied + 1
    assert interface["opens"] == 1
    check_ledger(interface, PACKETS)
    assert interface["dropped_packets"] == 0
    assert interface["accepted_packets"] == PACKETS
    assert daemon.stop() == 0
    check_sequence(PACKETS, daemon.files())


def test_no_packet_is_lost_while_rings_are_swapped(daemon):
    texts = [conf(ring="64MiB"), conf(ring="32MiB", snaplen=4096)]
    daemon.start(texts[1])
    under_load(daemon, texts, RELOADS // 6)
    wait_for("the last ring to take over", lambda: daemon.interface()["received_packets"] == PACKETS)
    interface = daemon.interface()
    assert interface["opens"] > 2
    check_ledger(interface, PACKETS)
    assert interface["dropped_packets"] == 0
    assert daemon.stop() == 0
    check_sequence(PACKETS, daemon.files())


def test_no_packet_is_lost_while_outputs_are_swapped(daemon):
    texts = [conf(name="a"), conf(name="b")]
    daemon.start(texts[1])
    under_load(daemon, texts, RELOADS)
    output = daemon.output()
    wait_for("everything to be written", lambda: daemon.output()["written_packets"] == PACKETS)
    assert output["offered_packets"] == PACKETS
    assert daemon.stop() == 0
    assert daemon.files(".part") == []
    check_sequence(PACKETS, daemon.files())


def test_it_completes_without_any_traffic(daemon):
    daemon.start(conf())
    for i in range(5):
        assert daemon.reload(conf(f"udp port {i + 1}"))[0] is None
    assert daemon.generation() == 6


def test_hangups_are_reloads(daemon):
    daemon.start(conf())
    daemon.configure(conf("tcp"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("generation 2", lambda: daemon.generation() == 2)
    assert next(f["source"] for f in daemon.status()["filters"]) == "tcp"


def test_nothing_changed_is_no_new_generation(daemon):
    daemon.start(conf())
    error, answer = daemon.reload()
    assert error is None, answer
    assert daemon.generation() == 1


def test_changed_bytes_of_a_program_are_a_new_generation(daemon):
    program = os.path.join(daemon.dir, "filter.s")
    text = conf().replace("expr = udp", f"program = {program}")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 1\nexit\n")
    daemon.start(text)
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 1\nexit\n")
    assert daemon.reload()[0] is None
    assert daemon.generation() == 1
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 0\nexit\n")
    assert daemon.reload()[0] is None
    assert daemon.generation() == 2
    daemon.net.send(10)
    daemon.delivered(10)
    assert daemon.interface()["rejected_packets"] == 10


def test_another_verify_is_a_new_filter(daemon):
    program = os.path.join(daemon.dir, "filter.s")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 1\nexit\n")
    text = conf().replace("expr = udp", f"program = {program}")
    daemon.start(text)
    assert daemon.status()["filters"][0]["verify"] == "guard"
    daemon.net.send(10)
    daemon.delivered(10)
    assert daemon.reload(text.replace("[interface", "verify = strict\n[interface"))[0] is None
    shown = daemon.status()["filters"][0]
    assert (daemon.generation(), shown["verify"], shown["loops_fuelled"], shown["in_place"]) == (2, "strict", 0, True)
    daemon.net.send(10, first=10)
    daemon.delivered(20)
    check_ledger(daemon.interface(), 20)


def test_a_rejection_shows_the_instruction(daemon):
    program = os.path.join(daemon.dir, "filter.s")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 0\nr0 += 1\n")
    daemon.start(conf())
    error, answer = daemon.reload(conf().replace("expr = udp", f"program = {program}"))
    d = next(d for d in answer["diagnostics"] if d["code"] == "P110")
    assert error == "org.winnow.Control.ConfigInvalid"
    assert (d["file"], d["section"], d["slot"], d["instruction"], d["source"]) == (program, "filter first", 1, "r0 += 1", None)
    assert d["message"].startswith("verifier: insn 1: ") and d["hint"]
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the log to say so", lambda: f"{d['message']} (r0 += 1); {d['hint']} [config.diagnostic]" in daemon.read_log())
    assert daemon.generation() == 1


@pytest.mark.parametrize("broken, code", [
    (conf("udp prot 9"), "P130"),
    (conf().replace("expr = udp", "program = /nonexistent/filter.o"), "C001"),
    (conf().replace("filter = first", "filter = second"), "C030"),
    (conf().replace("{out}", "{out}/missing"), "C060"),
    ("mode = 0600\n" + conf() + "[log]\ntarget = journal\n", "C090"),
    ("", ""),
])
def test_failing_keeps_what_runs(daemon, broken, code):
    daemon.start(conf())
    daemon.net.send(100)
    daemon.delivered(100)
    error, answer = daemon.reload(broken) if code else daemon.reload("[nonsense\n")
    assert error is not None
    assert code in str(answer), answer
    assert daemon.generation() == 1
    daemon.net.send(100, first=100)
    daemon.delivered(200)
    interface = daemon.interface()
    check_ledger(interface, 200)
    assert interface["accepted_packets"] == 200
    assert daemon.counters()[("process", "", "reloads")] == 1
    assert daemon.stop() == 0
    check_sequence(200, daemon.files())


def test_a_failing_one_leaves_no_descriptor_behind(daemon):
    daemon.start(conf())

    def descriptors():
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    daemon.reload(conf("udp prot 9"))
    before = descriptors()
    for _ in range(20):
        assert daemon.reload(conf("udp prot 9", ring="32MiB", name="other"))[0] is not None
    wait_for("descriptors back", lambda: descriptors() <= before)
    assert len(daemon.files("")) == 1


def test_interfaces_come_and_go(daemon):
    daemon.net.pair("wn2", "wn3")
    both = conf() + "\n[interface wn3]\nfilter = first\noutputs = disk\n"
    daemon.start(conf())
    assert daemon.reload(both)[0] is None
    daemon.net.send(1000)
    daemon.net.send(1000, first=1000, device="wn2")
    daemon.delivered(1000)
    daemon.delivered(1000, "wn3")
    # Those still in the ring when the interface is taken out are delivered all the same.
    daemon.net.send(1000, first=2000, device="wn2")
    assert daemon.reload(conf())[0] is None
    wait_for("the rest", lambda: daemon.counters()[("interface", "wn3", "delivered_packets")] == 2000)
    assert [i["name"] for i in daemon.status()["interfaces"]] == ["wn1"]
    assert daemon.stop() == 0
    check_sequence(3000, daemon.files())


def test_systemd_hears_of_it_before_the_client(daemon):
    daemon.start(conf())
    daemon.reload(conf("tcp"))
    assert daemon.notify.words() == ["READY=1", "RELOADING=1", "READY=1"]
    daemon.reload(conf("tcp prot"))
    messages = [m for m in daemon.notify.collect() if m[0] != "WATCHDOG=1"]
    assert [m[0] for m in messages] == ["READY=1", "RELOADING=1", "READY=1"] + ["RELOADING=1", "READY=1"]
    assert all(m[1].startswith("MONOTONIC_USEC=") for m in messages if m[0] == "RELOADING=1")
    assert messages[2][1] == f"STATUS=generation 2 ({daemon.status()['generation']['config_id'][:6]}) active"
    assert "rejected" in messages[4][1] and "generation 2 still active" in messages[4][1]


def test_a_storm_of_hangups_settles(daemon):
    daemon.start(conf())
    for i in range(300):
        if i % 10 == 0:
            daemon.configure(conf(f"udp or tcp port {i + 1}"))
        daemon.process.send_signal(signal.SIGHUP)
    wait_for("the last configuration", lambda: daemon.status()["filters"][0]["source"] == "udp or tcp port 291")
    daemon.net.send(1000)
    daemon.delivered(1000)
    check_ledger(daemon.interface(), 1000)


def test_the_client_program_says_so_with_its_exit_status(daemon):
    from conftest import BUILD
    ctl = os.path.join(BUILD, "src/winnowctl")
    daemon.start(conf())
    daemon.configure(conf("udp prot"))
    result = subprocess.run([ctl, "-s", daemon.sock, "reload"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "P130" in result.stderr
    daemon.configure(conf("tcp"))
    assert subprocess.run([ctl, "-s", daemon.sock, "reload"], check=False).returncode == 0
