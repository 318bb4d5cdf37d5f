# SPDX-License-Identifier: MIT
"""What winnowd writes, read by those who should be able to: tcpdump, tshark, capinfos."""
import os
import shutil
import struct
import subprocess

import pytest

WINNOWD = os.path.join(os.environ["WINNOW_BUILD"], "src", "winnowd")
EXPRESSIONS = ["", "udp", "udp port 1003", "less 100", "tcp"]  # the last accepts nothing


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")


def run(*args, **kwargs):
    done = subprocess.run(args, capture_output=True, timeout=60, **kwargs)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def frame(number):
    """A UDP packet of 42 to 741 bytes, as numbered."""
    size = 42 + number % 700
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size - 14, number & 0xFFFF, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    udp = struct.pack(">HHHH", 1000 + number % 8, 53, size - 34, 0)
    return (b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + ip + udp).ljust(size, b"\xa5")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """3000 packets, an odd number of nanoseconds apart; every seventh was cut at 60 bytes when captured."""
    path = tmp_path_factory.mktemp("in") / "in.pcap"
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for i in range(3000):
            data = frame(i)
            kept = data[:60] if i % 7 == 0 else data
            t = 1_700_000_000_000_000_000 + i * 123_457
            f.write(struct.pack("<IIII", t // 10**9, t % 10**9, len(kept), len(data)) + kept)
    return str(path)


def winnow(source, target, expression, *more):
    run(WINNOWD, "-q", "-r", source, "-w", str(target), *more, *([expression] if expression else []))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_classic_file_is_tcpdumps_byte_for_byte(source, tmp_path, expression):
    need("tcpdump")
    winnow(source, tmp_path / "ours", expression, "--format", "pcap")
    run("tcpdump", "--nano", "-r", source, "-w", str(tmp_path / "theirs"), *([expression] if expression else []))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_tcpdump_reads_the_same_packets_from_pcapng(source, tmp_path, expression):
    need("tcpdump")
    winnow(source, tmp_path / "ours", expression)
    rest = [expression] if expression else []
    run("tcpdump", "--nano", "-r", str(tmp_path / "ours"), "-w", str(tmp_path / "a"))
    run("tcpdump", "--nano", "-r", source, "-w", str(tmp_path / "b"), *rest)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tshark_reads_times_lengths_and_numbers(source, tmp_path):
    need("tshark")
    winnow(source, tmp_path / "ours", "udp port 1003")
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len", "-e", "ip.id"]
    ours = run("tshark", "-n", "-r", str(tmp_path / "ours"), *fields)
    theirs = run("tshark", "-n", "-r", source, "-Y", "udp.port == 1003", *fields)
    assert ours == theirs
    assert ours.count(b"\n") == 375


def test_capinfos_knows_interface_filter_and_statistics(source, tmp_path):
    need("capinfos")
    winnow(source, tmp_path / "ours", "udp port 1003")
    text = run("capinfos", "-M", str(tmp_path / "ours")).decode()
    for line in ("Number of packets:   375", "nanoseconds (9)", "Capture application: winnow", f"Name = {source}",
                 "Filter string = udp port 1003", "Capture length = 65535", "Number of stat entries = 1"):
        assert line in text, text


def test_tshark_reads_the_stream(source):
    need("tshark")
    first = subprocess.Popen([WINNOWD, "-q", "-r", source, "-w", "-"], stdout=subprocess.PIPE)
    text = run("tshark", "-n", "-r", "-", "-T", "fields", "-e", "frame.number", stdin=first.stdout)
    first.stdout.close()
    assert first.wait(60) == 0
    assert text.split() == [str(n).encode() for n in range(1, 3001)]


def test_a_reader_that_has_seen_enough_is_no_error_message(source):
    first = subprocess.Popen([WINNOWD, "-q", "-r", source, "-w", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert len(first.stdout.read(1000)) == 1000
    first.stdout.close()
    assert first.wait(60) == 0
    assert first.stderr.read() == b""
    first.stderr.close()


def test_a_full_disk_is_an_error(source):
    done = subprocess.run([WINNOWD, "-q", "-r", source, "-w", "/dev/full"], capture_output=True, timeout=60)
    assert done.returncode == 74
    assert b"No space left" in done.stderr
