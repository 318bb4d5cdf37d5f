# SPDX-License-Identifier: MIT
"""Capture files: what is kept is what tcpdump keeps, on every engine; no privileges, no configuration."""
import json
import os
import shutil
import struct
import subprocess

import pytest

from conftest import ROOT, WINNOWD, winnowd

SAMPLE = os.path.join(ROOT, "conf/sample.pcap")
HTTPS = os.path.join(ROOT, "conf/filters/https.o")


def expressions():
    with open(os.path.join(ROOT, "tests/e2e/expressions.txt"), encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def packets(path):
    """Link type and (seconds, fraction in ns, length on the wire, bytes) of every packet of a classic file."""
    with open(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    (magic,) = struct.unpack(order + "I", data[:4])
    scale = 1 if magic == 0xA1B23C4D else 1000
    out, at = [struct.unpack(order + "I", data[20:24])[0]], 24
    while at < len(data):
        sec, frac, caplen, wirelen = struct.unpack(order + "IIII", data[at:at + 16])
        out.append((sec, frac * scale, wirelen, data[at + 16:at + 16 + caplen]))
        assert len(out[-1][3]) == caplen, "torn"
        at += 16 + caplen
    return out


def table(result):
    return json.loads(result.stderr.decode().strip().split("\n")[-1])


@pytest.mark.parametrize("engine", ["jit", "interp", "reference"])
def test_every_expression_keeps_what_tcpdump_keeps(work, engine):
    ours, theirs = os.path.join(work, "ours.pcap"), os.path.join(work, "theirs.pcap")
    every = expressions()
    assert len(every) >= 150
    different = []
    for text in every:
        expected = subprocess.run(["tcpdump", "--nano", "-r", SAMPLE, "-w", theirs, "--", text], capture_output=True, check=False)
        got = winnowd("-r", SAMPLE, "--engine", engine, "--format", "pcap", "-w", ours, "--stats=json", "--", text)
        if expected.returncode or got.returncode:
            different.append((text, expected.stderr, got.stderr))
        elif packets(ours) != packets(theirs) or table(got)["written"] != len(packets(theirs)) - 1:
            different.append((text, len(packets(theirs)), len(packets(ours))))
    assert not different


def test_all_packets_without_a_filter_byte_for_byte(work):
    out = os.path.join(work, "out.pcap")
    assert winnowd("-r", SAMPLE, "--format", "pcap", "-w", out).returncode == 0
    assert packets(out) == packets(SAMPLE)


def test_pcapng_says_the_same(work):
    ours, back = os.path.join(work, "ours.pcapng"), os.path.join(work, "back.pcap")
    assert winnowd("-r", SAMPLE, "-w", ours, "ip6 or vlan").returncode == 0
    assert winnowd("-r", ours, "--format", "pcap", "-w", back).returncode == 0
    expected = os.path.join(work, "expected.pcap")
    assert winnowd("-r", SAMPLE, "--format", "pcap", "-w", expected, "ip6 or vlan").returncode == 0
    assert packets(back) == packets(expected)
    assert subprocess.run(["capinfos", ours], capture_output=True, check=False).returncode == 0


def test_the_same_input_gives_the_same_file(work):
    names = [os.path.join(work, n) for n in ("a", "b")]
    for name in names:
        assert winnowd("-r", SAMPLE, "-w", name, "tcp").returncode == 0
    with open(names[0], "rb") as a, open(names[1], "rb") as b:
        assert a.read() == b.read()


def test_pipes_carry_nothing_but_packets(work):
    with open(SAMPLE, "rb") as f:
        piped = winnowd("-r", "-", "-w", "-", "udp", stdin=f)
    assert piped.returncode == 0
    path = os.path.join(work, "file")
    winnowd("-r", SAMPLE, "-w", path, "udp")
    with open(path, "rb") as f:
        written = f.read()
    # Only the name of the input differs: the description of the interface has it.
    assert piped.stdout[-200:] == written[-200:]
    back = subprocess.run(["tcpdump", "--nano", "-r", "-", "-w", path], input=piped.stdout, capture_output=True, check=False)
    assert back.returncode == 0
    assert len(packets(path)) - 1 == table(winnowd("-r", SAMPLE, "--stats=json", "udp"))["accepted"] > 0


def test_several_files_are_one_run(work):
    one, two = os.path.join(work, "one"), os.path.join(work, "two")
    winnowd("-r", SAMPLE, "-w", one, "less 99")
    winnowd("-r", SAMPLE, "-w", two, "greater 100")
    whole = table(winnowd("-r", SAMPLE, "--stats=json"))["packets"]
    both = winnowd("-r", one, "-r", two, "-w", os.path.join(work, "three"), "--stats=json")
    assert both.returncode == 0
    assert table(both)["written"] == whole


def test_the_table_adds_up():
    t = table(winnowd("-r", SAMPLE, "--stats=json", "udp"))
    assert t["packets"] == t["accepted"] + t["rejected"] + t["faults"]
    assert t["accepted"] > 0 and t["rejected"] > 0 and t["faults"] == 0
    text = winnowd("-r", SAMPLE, "udp").stderr.decode()
    assert [line.split()[0] for line in text.splitlines()] == ["packets", "accepted", "rejected", "faults", "time"]
    assert text.splitlines()[0].split()[1] == str(t["packets"])


def test_objects_assembly_and_expressions_in_files_agree(work):
    assembly, expression = os.path.join(work, "f.s"), os.path.join(work, "f")
    with open(expression, "w", encoding="ascii") as f:
        f.write("# a comment\ntcp dst port 443 or\n  tcp src port 443\n")
    with open(assembly, "w", encoding="ascii") as f:
        f.write("r0 = 1\nexit\n")
    accepted = {p: table(winnowd("-r", SAMPLE, "-F", p, "--stats=json"))["accepted"]
                for p in (HTTPS, assembly, expression)}
    assert accepted[HTTPS] > 0
    assert accepted[expression] == table(winnowd("-r", SAMPLE, "--stats=json", "tcp port 443"))["accepted"]
    assert accepted[assembly] == table(winnowd("-r", SAMPLE, "--stats=json"))["packets"]


def test_result_as_bytes_to_keep(work):
    program, out = os.path.join(work, "f.s"), os.path.join(work, "out")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 20\nexit\n")
    winnowd("-r", SAMPLE, "-F", program, "--returns", "snaplen", "--format", "pcap", "-w", out)
    assert packets(out)[1:] == [(s, f, w, d[:20]) for s, f, w, d in packets(SAMPLE)[1:]]
    winnowd("-r", SAMPLE, "-s", "30", "--format", "pcap", "-w", out)
    assert packets(out)[1:] == [(s, f, w, d[:30]) for s, f, w, d in packets(SAMPLE)[1:]]


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_faults_are_neither_accepted_nor_rejected(work, verdict):
    program, out = os.path.join(work, "f.s"), os.path.join(work, "out")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = *(u8 *)(r1 + 30000)\nexit\n")  # behind the end of every packet, which nobody can know before
    t = table(winnowd("-r", SAMPLE, "-F", program, "--on-fault", verdict, "-w", out, "--stats=json"))
    assert (t["accepted"], t["rejected"], t["faults"]) == (0, 0, t["packets"])
    assert t["written"] == (t["packets"] if verdict == "accept" else 0)


def test_endless_programs_end(work):
    program = os.path.join(work, "f.s")
    with open(program, "w", encoding="ascii") as f:
        f.write("r0 = 0\ngoto -2\nexit\n")
    t = table(winnowd("-r", SAMPLE, "-F", program, "--fuel", "1000", "--stats=json"))
    assert t["faults"] == t["packets"] > 0


def test_count_stops_at_the_packet(work):
    out = os.path.join(work, "out")
    t = table(winnowd("-r", SAMPLE, "-c", "5", "-w", out, "--stats=json", "udp"))
    assert t["accepted"] == t["written"] == 5


def test_a_reader_that_has_seen_enough_ends_it_quietly(work):
    big = os.path.join(work, "big.pcap")
    with open(SAMPLE, "rb") as f, open(big, "wb") as g:
        data = f.read()
        g.write(data[:24] + data[24:] * 200)
    run = subprocess.run(f"{WINNOWD} -q -r {big} -w - | head -c 100 | wc -c; echo ${{PIPESTATUS[0]}}", shell=True,
                         executable="/bin/bash", capture_output=True, text=True, check=False, timeout=60)
    assert run.stdout.split() == ["100", "0"]
    assert run.stderr == ""


def test_a_full_disk_is_an_error(work):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    result = winnowd("-r", SAMPLE, "-w", "/dev/full")
    assert result.returncode == 74
    assert b"No space left" in result.stderr


def test_a_damaged_file_keeps_what_came_before(work):
    cut, out = os.path.join(work, "cut.pcap"), os.path.join(work, "out")
    shutil.copy(SAMPLE, cut)
    os.truncate(cut, os.path.getsize(cut) - 3)
    result = winnowd("-r", cut, "--format", "pcap", "-w", out)
    assert result.returncode == 65
    assert cut.encode() in result.stderr
    assert packets(out) == packets(SAMPLE)[:-1]


def test_a_bad_expression_leaves_the_output_alone(work):
    out = os.path.join(work, "out")
    with open(out, "w", encoding="ascii") as f:
        f.write("precious")
    assert winnowd("-r", SAMPLE, "-w", out, "udp prot 9").returncode == 65
    with open(out, encoding="ascii") as f:
        assert f.read() == "precious"


def test_input_and_output_are_not_the_same_file(work):
    copy = os.path.join(work, "copy.pcap")
    shutil.copy(SAMPLE, copy)
    assert winnowd("-r", copy, "-w", copy).returncode == 73
    assert packets(copy) == packets(SAMPLE)


def test_interrupted_it_ends_with_the_table():
    run = subprocess.Popen([WINNOWD, "-r", "-", "udp"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(SAMPLE, "rb") as f:
        run.stdin.write(f.read())
    run.stdin.flush()
    # It has read all there is and waits for more.
    with open(f"/proc/{run.pid}/wchan", encoding="ascii"):
        pass
    while "pipe" not in open(f"/proc/{run.pid}/wchan", encoding="ascii").read() and run.poll() is None:
        pass
    run.send_signal(2)
    assert run.wait(timeout=10) == 0
    assert b"packets " in run.stderr.read()
