# SPDX-License-Identifier: MIT
"""The command line: what goes together, what does not, and the exit statuses of winnowd(8)."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROOT, WINNOWD, needs_root, winnowd

SAMPLE = os.path.join(ROOT, "conf/sample.pcap")

USAGE = [
    ("--nonsense",),
    ("-r",),
    ("-r", SAMPLE, "-i", "eth0"),
    ("-r", SAMPLE, "-c", "0"),
    ("-r", SAMPLE, "-c", "five"),
    ("-r", SAMPLE, "-c", "-1"),
    ("-r", SAMPLE, "-s", "300000"),
    ("-r", SAMPLE, "--fuel", "1k"),
    ("-r", SAMPLE, "--duration", "10"),
    ("-r", SAMPLE, "--duration", "10 s"),
    ("-r", SAMPLE, "--engine", "fast"),
    ("-r", SAMPLE, "--verify", "none"),
    ("-r", SAMPLE, "--returns", "class"),
    ("-r", SAMPLE, "--on-fault", "panic"),
    ("-r", SAMPLE, "--format", "text"),
    ("-r", SAMPLE, "--stats=yes"),
    ("-r", SAMPLE, "--config", "/etc/winnowd/winnowd.conf"),
    ("-r", SAMPLE, "-S", "/tmp/sock"),
    ("-r", SAMPLE, "-F", "x", "tcp"),
    ("-r", ""),
    ("-i", ""),
    ("-r", SAMPLE, "-w", ""),
    ("-w", "out"),
    ("tcp",),
    ("-c", "5"),
    ("--engine", "jit"),
    ("--verify", "strict"),
    ("--check", "tcp"),
]


@pytest.mark.parametrize("argv", USAGE, ids=" ".join)
def test_what_cannot_be_meant_is_64(argv):
    result = winnowd(*argv)
    assert result.returncode == 64, result.stderr
    assert b"winnowd" in result.stderr and result.stdout == b""


def test_bad_programs_are_65(work):
    bad = {"cut.o": b"\x7fELF\x02\x01", "bad.s": b"r0 = \n", "rejected.s": b"r0 = 0\n", "expr": b"tcp prot 9\n"}
    for name, data in bad.items():
        path = os.path.join(work, name)
        with open(path, "wb") as f:
            f.write(data)
        result = winnowd("-r", SAMPLE, "-F", path)
        assert result.returncode == 65, (name, result.stderr)
        assert path.encode() in result.stderr
    assert winnowd("-r", SAMPLE, "host nowhere.example").returncode == 65


def test_what_is_no_capture_file_is_65(work):
    path = os.path.join(work, "text")
    with open(path, "w", encoding="ascii") as f:
        f.write("this is no capture file, however long it may be")
    assert winnowd("-r", path).returncode == 65
    assert winnowd("-r", "/dev/null").returncode == 65


def test_missing_input_is_66():
    assert winnowd("-r", "/nonexistent.pcap").returncode == 66
    assert winnowd("-r", SAMPLE, "-F", "/nonexistent.o").returncode == 66
    # Also where it is not the first one, and before anything is written.
    result = winnowd("-r", SAMPLE, "-r", "/nonexistent.pcap", "-w", "-")
    assert result.returncode == 66 and result.stdout == b""


def test_output_that_cannot_be_made_is_73():
    result = winnowd("-r", SAMPLE, "-w", "/nonexistent/out")
    assert result.returncode == 73
    assert result.stderr == b"winnowd: /nonexistent/out: No such file or directory\n"  # no table of nothing


def test_no_match_is_1_if_asked():
    assert winnowd("-r", SAMPLE, "--exit-match", "udp").returncode == 0
    assert winnowd("-r", SAMPLE, "--exit-match", "udp port 65000").returncode == 1
    assert winnowd("-r", SAMPLE, "udp port 65000").returncode == 0


def test_quiet_is_quiet():
    result = winnowd("-q", "-r", SAMPLE, "udp")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@pytest.mark.skipif(os.path.exists("/etc/winnowd/winnowd.conf"), reason="there is a configuration on this machine")
def test_bare_it_names_three_ways_to_start():
    result = winnowd()
    assert result.returncode == 78
    assert all(word in result.stderr for word in (b"-r file", b"-i eth0", b"--config"))


def test_bad_configuration_is_78_with_every_error(work):
    path = os.path.join(work, "winnowd.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("[filter a]\nexpr = tcp\non_falt = accept\n[interface x]\nfilter = b\nring = 100\n")
    for argv in (("--config", path), ("--check", "--config", path)):
        result = winnowd(*argv)
        assert result.returncode == 78
        for code in (b"C003", b"C030", b"C012"):
            assert code in result.stderr
        assert f"{path}:3:".encode() in result.stderr
    as_json = json.loads(winnowd("--check", "--json", "--config", path).stdout)
    assert not as_json["ok"] and {e["code"] for e in as_json["errors"]} >= {"C003", "C030", "C012"}
    assert winnowd("--config", "/nonexistent.conf").returncode == 78


def test_check_compiles_filters_too(work):
    path = os.path.join(work, "winnowd.conf")
    text = f"[control]\ngroup = root\n[filter a]\nexpr = {{}}\n[interface x]\nfilter = a\n"
    with open(path, "w", encoding="ascii") as f:
        f.write(text.format("tcp"))
    assert winnowd("--check", "--config", path).returncode == 0
    with open(path, "w", encoding="ascii") as f:
        f.write(text.format("tcp prot 9"))
    result = winnowd("--check", "--config", path)
    assert result.returncode == 78 and b"P130" in result.stderr
    with open(path, "w", encoding="ascii") as f:
        f.write(text.format("tcp") + "[filter unused]\nexpr = udp\n")
    assert winnowd("--check", "--config", path).returncode == 0
    assert winnowd("--check", "--strict", "--config", path).returncode == 78


def test_printed_configuration_is_a_configuration(work):
    path = os.path.join(work, "winnowd.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("[control]\ngroup = root\n[filter a]\nexpr = tcp\n[interface x]\nfilter = a\n")
    once = winnowd("--print-config", "--config", path).stdout
    with open(path, "wb") as f:
        f.write(once)
    assert winnowd("--print-config", "--config", path).stdout == once
    assert json.loads(winnowd("--print-config", "--json", "--config", path).stdout)
    assert b"[interface" in winnowd("--print-config=defaults").stdout
    assert winnowd("--print-config=schema").returncode == 0


def test_help_and_version_go_to_stdout():
    assert winnowd("--help").stdout.startswith(b"usage: winnowd")
    assert winnowd("--version").stdout.startswith(b"winnowd ")
    assert "libpcap" in json.loads(winnowd("--version", "--json").stdout)["libpcap"]


def test_every_option_is_in_the_manual_and_the_help():
    with open(os.path.join(ROOT, "src/daemon/options.c"), encoding="ascii") as f:
        names = [line.split('"')[1] for line in f if "_argument, NULL" in line]
    with open(os.path.join(ROOT, "docs/winnowd.8.scd"), encoding="ascii") as f:
        manual = f.read().replace("\\", "")
    text = winnowd("--help").stdout.decode()
    assert len(names) > 20
    assert [n for n in names if f"--{n}" not in manual] == []
    assert [n for n in names if f"--{n}" not in text] == []
    for status in (0, 1, 64, 65, 66, 69, 71, 73, 74, 75, 77, 78):
        assert f"*{status}*" in manual


@needs_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv here")
def test_without_privileges_live_is_77_and_files_work(work):
    """F11"""
    copies = {"winnowd": WINNOWD, "sample.pcap": SAMPLE}
    for name, path in copies.items():
        shutil.copy(path, os.path.join(work, name))
        os.chmod(os.path.join(work, name), 0o755)
    os.chmod(work, 0o755)
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    mine = os.path.join(work, "winnowd")
    result = subprocess.run([*drop, mine, "-i", "lo"], capture_output=True, text=True, check=False, timeout=20)
    assert result.returncode == 77
    assert result.stderr == (
        "winnowd: lo: cannot open a packet socket: Operation not permitted\n"
        f"  needs CAP_NET_RAW only. Either run the service, or:  sudo setcap cap_net_raw=ep {mine}\n"
        "  or work without privileges:  winnowd -r file.pcapng ...\n")
    result = subprocess.run([*drop, mine, "-r", os.path.join(work, "sample.pcap"), "udp"], capture_output=True,
                            check=False, timeout=20)
    assert result.returncode == 0


def test_mistakes_of_filters_are_named_with_those_of_keys(work):
    path = os.path.join(work, "both.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("[filter web]\nexpr = tcp prot 80\non_falt = accept\n[interface lo]\nfilter = web\n")
    os.chmod(path, 0o600)
    result = winnowd("--check", "--config", path)
    said = result.stderr.decode()
    assert result.returncode == 78
    assert f"{path}:1" in said and "error[P130]" in said
    assert f"{path}:3:" in said and "did you mean \"on_fault\"?" in said
    assert "2 errors" in said
