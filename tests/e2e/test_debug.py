# SPDX-License-Identifier: MIT
"""Compiled programs as perf and gdb see them, and as winnowctl lists them."""
import json
import os
import re
import shutil
import struct
import subprocess

import pytest

from conftest import BUILD, ROOT, WINNOWD

CTL = os.path.join(BUILD, "src/winnowctl")
DEBUGGED = os.path.join(BUILD, "tests/e2e/debugged")
SAMPLE = os.path.join(ROOT, "conf/sample.pcap")
ENV = dict(os.environ, DEBUGINFOD_URLS="", LC_ALL="C")
# Where a sanitizer is in it: leaks cannot be looked for under a debugger.
TRACED = dict(ENV, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")

PROGRAM = """r6 = r1
r1 = 0x1122334455667788 ll
r0 = *(u32 *)(r6 + 90)
call f
next: r6 += 1
if r6 < 4 goto next
exit
f: r0 = 1
exit
"""


def run(*argv, env=None, **kwargs):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=120, check=False,
                          env=env or ENV, **kwargs)


def compiles():
    return run(CTL, "disasm", "--jit", "len > 0").returncode == 0


pytestmark = pytest.mark.skipif(not compiles(), reason="there is no compiler for this processor")


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not installed")


def records(path):
    """The records of a jitdump file after its header: (id, body) each."""
    data = path.read_bytes()
    magic, version, size, _machine, _pad, pid = struct.unpack_from("=6I", data)
    assert (magic, version, size) == (0x4A695444, 1, 40)
    assert path.name == f"jit-{pid}.dump"
    found, at, last = [], size, 0
    while at < len(data):
        kind, length, time = struct.unpack_from("=IIQ", data, at)
        assert length >= 16 and at + length <= len(data) and time >= last
        found.append((kind, data[at + 16:at + length]))
        at, last = at + length, time
    return found


def loaded(path):
    """Names of the code in a jitdump file, and its bytes."""
    names = {}
    for kind, body in records(path):
        if kind == 0:
            _pid, _tid, _vma, _address, size, _index = struct.unpack_from("=IIQQQQ", body)
            name, code = body[40:].split(b"\0", 1)
            assert len(code) == size
            names[name.decode()] = code
    return names


def only_dump(folder):
    (path,) = folder.glob("jit-*.dump")
    return path


# ---- listings

def test_listing_has_each_byte_under_its_instruction(tmp_path):
    source = tmp_path / "p.s"
    source.write_text(PROGRAM)
    text = run(CTL, "disasm", "--jit", source).stdout
    numbered = run(CTL, "disasm", "--numbers", source).stdout
    hexes = re.compile(r"^ {8,}([0-9a-f]+):((?: [0-9a-f]{2})+)$")
    plain = [line for line in text.splitlines() if not hexes.match(line)]
    assert plain[-1] == "  shared:" and plain[:-1] == numbered.splitlines()
    pieces = sorted((int(m[1], 16), bytes.fromhex(m[2])) for m in map(hexes.match, text.splitlines()) if m)
    assert pieces[0][0] == 0
    for (at, piece), (following, _) in zip(pieces, pieces[1:]):
        assert at + len(piece) == following


def test_listing_in_json_says_the_same_as_the_bytes(tmp_path):
    source, out = tmp_path / "p.s", tmp_path / "code"
    source.write_text(PROGRAM)
    answer = json.loads(run(CTL, "disasm", "--jit", "--json", source, "-o", out).stdout)
    assert answer["count"] == len(out.read_bytes())
    assert "".join(line["hex"] for line in answer["lines"]) == answer["hex"]
    assert {line["slot"] for line in answer["lines"]} == {None, 0, 1, 3, 4, 5, 6, 7, 8, 9}
    at = 0
    for line in answer["lines"]:
        assert line["offset"] == at
        at += len(line["hex"]) // 2


def test_listing_of_an_object_has_its_maps():
    for name, section in (("blocklist", []), ("dispatch", ["--section", "on_ipv4"]), ("sampler", [])):
        o = os.path.join(ROOT, "conf/filters", name + ".o")
        text, numbered = run(CTL, "disasm", "--jit", o, *section).stdout, run(CTL, "disasm", "--numbers", o, *section).stdout
        assert [line for line in text.splitlines() if not re.match(r"^ {8,}[0-9a-f]+:", line)][:-1] == numbered.splitlines()


def test_listing_reads_standard_input():
    assert "  shared:" not in run(CTL, "disasm", "--numbers", "-", input="tcp port 80").stdout
    done = run(CTL, "disasm", "--jit", "-", input="tcp port 80")
    assert done.returncode == 0 and "  shared:" in done.stdout


# ---- perf

def test_jitdump_of_the_client_names_the_program(tmp_path):
    done = run(CTL, "run", "tcp port 443", "-r", SAMPLE, "--jitdump", tmp_path)
    assert done.returncode == 0, done.stderr
    names = loaded(only_dump(tmp_path))
    assert set(names) <= {"program", "program.cold"} and names["program"]
    assert records(only_dump(tmp_path))[-1] == (3, b"")


def test_jitdump_of_the_daemon_names_the_filter(tmp_path):
    done = run(WINNOWD, "-r", SAMPLE, "-q", "--jitdump", tmp_path, "udp port 53")
    assert done.returncode == 0, done.stderr
    names = loaded(only_dump(tmp_path))
    assert names["filter"] and set(names) <= {"filter", "filter.cold"}


def test_a_directory_that_is_not_there_is_named(tmp_path):
    for argv in ([CTL, "run", "icmp", "-r", SAMPLE], [WINNOWD, "-r", SAMPLE, "icmp"]):
        done = run(*argv, "--jitdump", tmp_path / "none")
        assert done.returncode in (1, 73) and "none/jit-" in done.stderr


@needs("perf")
def test_perf_names_compiled_functions(tmp_path):
    data, jit = tmp_path / "perf.data", tmp_path / "jit.data"
    done = run("perf", "record", "-q", "-k", "mono", "-e", "cpu-clock", "-o", data, DEBUGGED, 2000, tmp_path)
    if not data.exists() or "Permission" in done.stderr or "not supported" in done.stderr:
        pytest.skip("perf cannot record here: " + done.stderr.strip()[:200])
    assert done.returncode == 0 and done.stdout == "7\n", done.stderr
    done = run("perf", "inject", "--jit", "-i", data, "-o", jit)
    assert done.returncode == 0, done.stderr
    report = run("perf", "report", "--stdio", "-i", jit).stdout
    assert re.search(r"jitted-\d+-\d+\.so +\[\.\] observed\.f7$", report, re.M), report
    lines = run("perf", "script", "-i", jit, "-F", "ip,sym,srcline").stdout
    assert re.search(r"observed\.bpf:(9|10|11|12)$", lines, re.M), lines[:2000]


# ---- gdb

GDB = r"""set confirm off
set pagination off
set breakpoint pending on
break asked
run
echo at the helper\n
bt
echo between\n
up
info line *$pc
disassemble
up
p/x $rbx
delete
break observed.f7
continue
echo at the entry\n
bt
echo behind\n
delete
continue
info symbol observed
"""


def backtrace(out, after, before):
    """The functions of the frames that gdb has printed between two marks."""
    text = out.split(after + "\n")[1].split(before + "\n")[0]
    return [m[1] for m in re.finditer(r"^#\d+ +(?:0x[0-9a-f]+ in )?([\w.]+) \(", text, re.M)]


@needs("gdb")
def test_gdb_walks_through_compiled_functions(tmp_path):
    script = tmp_path / "commands"
    script.write_text(GDB)
    done = run("gdb", "-nx", "-batch", "-x", script, "--args", DEBUGGED, "1", env=TRACED)
    out = done.stdout
    if "ptrace" in done.stderr + out and "not permitted" in done.stderr + out:
        pytest.skip("gdb may not trace here")
    walk = ["observed.f7", "observed", "observed.entry"]
    at_helper = backtrace(out, "at the helper", "between")
    assert at_helper[:4] == ["asked", *walk] and at_helper[-1] == "main" and "wn_prog_start" in at_helper, out
    # A breakpoint at the function's very beginning: nothing has been pushed yet.
    at_entry = backtrace(out, "at the entry", "behind")
    assert at_entry[:3] == walk and at_entry[-1] == "main" and "wn_prog_start" in at_entry, out
    assert re.search(r'^Line 10 of "observed\.bpf"', out, re.M), out
    assert "Dump of assembler code for function observed.f7:" in out
    # What the function saved is its caller's again, one frame up: r6 of the outer loop.
    if os.uname().machine == "x86_64":
        assert "$1 = 0xc8" in out, out
    # After the machine is freed the name is gone.
    assert "exited normally" in out and 'No symbol "observed"' in done.stderr, done.stderr
