# SPDX-License-Identifier: MIT
"""Programs for the kernel, from objects: what winnowctl run says of them, what inspect shows, what winnowd keeps.

The numbers of the sample capture are counted here, by Python, from its bytes."""
import collections
import json
import os
import struct
import subprocess
import sys

import pytest

from conftest import BUILD, ROOT, WINNOWD

CTL = os.path.join(BUILD, "src/winnowctl")
SAMPLE = os.path.join(ROOT, "conf/sample.pcap")
TOOLS = os.path.join(ROOT, "tests/e2e/tools.o")
KINDS = os.path.join(ROOT, "tests/e2e/kinds.o")
ENGINES = ["jit", "interp", "reference"]


def run(*args, program=TOOLS, section="count"):
    where = ["--section", section] if section else []
    return subprocess.run([CTL, "run", program, *where, "-r", SAMPLE, *args], capture_output=True, text=True, check=False)


def packets(path=SAMPLE):
    """Bytes and length on the wire of every packet of a classic file."""
    with open(path, "rb") as f:
        data = f.read()
    order, at, out = "<" if data[0] in (0xD4, 0x4D) else ">", 24, []
    while at < len(data):
        caplen, wirelen = struct.unpack(order + "II", data[at + 8:at + 16])
        out.append((data[at + 16:at + 16 + caplen], wirelen))
        at += 16 + caplen
    return out


def frames(path=SAMPLE):
    return [frame for frame, _ in packets(path)]


def ether_type(frame):
    return int.from_bytes(frame[12:14], "big") if len(frame) >= 14 else None


def verdict(frame):
    return {None: "aborted", 0x0806: "drop", 0x86DD: "tx", 0x0800: "pass", 0x8100: "redirect"}.get(ether_type(frame), "unknown")


def without_head(frame):
    """What bpf_xdp_adjust_head() makes of it; a frame keeps 14 bytes at least."""
    return frame[14:] if len(frame) >= 28 else frame


def lines(result):
    """The verdict lines, as lists of words."""
    return [line.split() for line in result.stdout.splitlines()]


@pytest.mark.parametrize("engine", ENGINES)
def test_verdicts_by_the_programs_type(engine):
    got = lines(run("-q", "--verdicts", "--engine", engine))
    for i, (words, frame) in enumerate(zip(got, frames(), strict=True)):
        name = verdict(frame)
        kept = {"drop": 0, "aborted": 0, "unknown": 0, "tx": len(without_head(frame))}.get(name, len(frame))
        assert words[:2] == [str(i + 1), name] and words[3] == str(kept), words
        assert ("length" in words) == (name == "tx" and len(frame) >= 28) and (words[-3:] == ["to", "interface", "7"]) == (name == "redirect")


def test_the_summary_adds_up():
    done = run("-j")
    got, expected = json.loads(done.stdout), collections.Counter(map(verdict, frames()))
    assert done.returncode == 0 and got["results"] == expected and got["type"] == "xdp"
    assert got["accepted"] == expected["pass"] + expected["tx"] + expected["redirect"]
    assert got["packets"] == got["accepted"] + got["rejected"] == len(frames())
    assert got["aborted"] == expected["aborted"] > 0


@pytest.mark.parametrize("section, kept", [("shoot", lambda n: 0 if n < 100 else n), ("half", lambda n: 50 if n > 100 else 0)])
def test_tc_and_socket_programs(section, kept):
    got = lines(run("-q", "--verdicts", section=section))
    assert [int(words[3]) for words in got] == [min(kept(wirelen), len(frame)) for frame, wirelen in packets()]
    assert {words[1] for words in got} == ({"shot", "unspec"} if section == "shoot" else {"accept", "reject"})


def test_faults_name_cause_slot_and_line():
    done = run("--verdicts", "-q", section="far")
    with open(os.path.join(ROOT, "tests/e2e/tools.c"), encoding="ascii") as f:
        line = 1 + [i for i, text in enumerate(f) if "data[1000]" in text][0]
    first = lines(done)[0]
    assert done.returncode == 1 and first[:4] == ["1", "fault", "memory", "at"] and first[-1] == f"tools.c:{line}"
    answer = json.loads(run("--verdicts", "-j", "-c", "1", section="far").stdout)
    assert answer["faults"]["memory"] == 1 and answer["verdicts"][0]["source"] == f"tools.c:{line}" and not answer["ok"]


def test_count_ends_early():
    assert json.loads(run("-j", "-c", "7").stdout)["packets"] == 7


def test_expectations(work):
    path = os.path.join(work, "expected")

    def expect(text, *args, section="count"):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return run("--expect", path, *args, section=section)

    exact = run("-q", "--verdicts").stdout
    names = [verdict(frame) for frame in frames()]
    assert expect(exact).returncode == 0
    assert expect("# by hand\n\n" + "".join(f"{name} # why\n" for name in names)).returncode == 0
    assert expect(f"9 {names[8]}\n20 {names[19]}\n").returncode == 0
    assert expect("1 fault memory at slot", "-c", "1", section="far").returncode == 0
    short = expect("".join(name + "\n" for name in names[:-1]))
    assert short.returncode == 1 and f"packet {len(names)}\n  - (no line)" in short.stdout
    long = expect(exact + "pass\n")
    assert long.returncode == 1 and "+ (no packet)" in long.stdout
    swapped = "tx" if names[2] != "tx" else "pass"
    wrong = expect("\n".join(names[:2] + [swapped] + names[3:]))
    assert wrong.returncode == 1 and f"packet 3, line 3 of {path}\n  - {swapped}\n  + {names[2]}" in wrong.stdout
    assert "1 of 316 packets differ" in wrong.stdout
    answer = json.loads(expect("\n".join(names[:2] + [swapped] + names[3:]), "-j").stdout)
    assert answer["differing"] == 1 and answer["differences"][0]["packet"] == 3 and not answer["ok"]
    everything = expect("nonsense\n" * len(names))
    assert everything.stdout.count("- nonsense") == 10 and "316 of 316 packets differ" in everything.stdout
    for text, place in ((".\n", ":1:"), ("5 pass\n3 pass\n", ":2:"), ("pass\n999999999999999999999 pass\n", ":2:")):
        done = expect(text)
        assert done.returncode == 1 and place in done.stderr, done.stderr


def test_maps_after_the_run():
    dump = json.loads(run("-q", "--dump-map", "types").stdout)
    long = [frame for frame in frames() if len(frame) >= 14]
    count = collections.Counter(map(ether_type, long))
    assert {e["key"]["type"]: e["value"]["packets"] for e in dump["entries"]} == count
    assert sum(e["value"]["bytes"] for e in dump["entries"]) == sum(map(len, long))
    assert [e["key"]["type"] for e in dump["entries"]] == sorted(count, key=lambda t: (t == 0x8100, t)) # vlan is the upper byte
    assert {e["value"]["tag"] for e in dump["entries"]} == {"none"}
    lengths = json.loads(run("-q", "--dump-map", "lengths").stdout)
    buckets = collections.Counter(len(frame) // 100 for frame in long)
    assert {e["key"]: e["value"] for e in lengths["entries"]} == {k: v for k, v in buckets.items() if k < 16}


def test_records_of_a_ring_buffer_are_dumped_in_order():
    ring = os.path.join(ROOT, "tests/elf/load/ring.19.o")
    long = [frame for frame in frames() if len(frame) >= 14]
    done = run("-q", "--dump-map", "lengths", program=ring, section="ring")
    assert done.returncode == 0, done.stderr
    want = [(len(frame).to_bytes(4, sys.byteorder) + frame[:6] + b"\0\0").hex() for frame in long][:341]
    assert [e["value"] for e in json.loads(done.stdout)["entries"]] == want


def fill(work, name, entries):
    path = os.path.join(work, name)
    with open(path, "w", encoding="ascii") as f:
        json.dump(entries, f)
    return "--map", f"{name}={path}"


def dumped(*args, name, section="xdp"):
    done = run("-q", *args, "--dump-map", name, program=KINDS, section=section)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["entries"]


def test_a_trie_is_filled_and_dumped_as_prefixes(work):
    where = fill(work, "blocked", [{"key": "0.0.0.0/0", "value": 0}, {"key": "10.0.0.0/8", "value": 5},
                                   {"key": {"bits": 32, "bytes": [192, 0, 2, 1]}, "value": 7}, {"key": "10.0.0.1", "value": 0}])
    got = dumped(*where, name="blocked")
    assert [e["key"] for e in got] == ["10.0.0.1/32", "10.0.0.0/8", "192.0.2.1/32", "0.0.0.0/0"]
    long = [f for f in frames() if len(f) >= 34 and ether_type(f) == 0x0800]
    mine = [f for f in long if f[26:30] == bytes((10, 0, 0, 1))]
    tens = [f for f in long if f[26] == 10]
    assert got[0]["value"] == len(mine) and got[1]["value"] == 5 + len(tens) - len(mine)
    assert sum(e["value"] for e in got) == 12 + len(long)
    assert dumped(*fill(work, "blocked", got), name="blocked", section="xdp/leave") == got
    wrong = run(*fill(work, "blocked", [{"key": "10.0.0.0/33", "value": 0}]), program=KINDS, section="xdp")
    assert wrong.returncode == 1 and "entry 1: key: " in wrong.stderr


def test_queues_and_stacks_have_values_alone(work):
    lengths = [{"value": len(frame)} for frame in frames()]
    assert dumped(name="last") == lengths[-4:]
    got = dumped(name="lengths")
    assert got == lengths[::-1]
    for name, entries in (("lengths", got), ("last", lengths[-4:])):
        assert dumped(*fill(work, name, entries), name=name, section="xdp/leave") == entries
    full = run(*fill(work, "last", lengths[:5]), program=KINDS, section="xdp")
    assert full.returncode == 1 and "entry 5: the map is full" in full.stderr
    none = run(*fill(work, "last", [{"key": 1}]), program=KINDS, section="xdp")
    assert none.returncode == 1 and 'expected an object with "value"' in none.stderr


def test_a_filter_is_filled_and_cannot_be_listed(work):
    length = len(frames()[0])
    where = fill(work, "known", [{"value": length}])
    assert lines(run("-q", "--verdicts", *where, program=KINDS, section="xdp"))[0][1] == "drop"
    done = run("-q", *where, "--dump-map", "known", program=KINDS, section="xdp")
    assert done.returncode == 1 and "cannot be listed" in done.stderr


def test_variables_by_name_and_by_section():
    long = sum(len(frame) >= 14 for frame in frames())
    assert json.loads(run("-q", "--dump-map", "packets").stdout)["value"] == long
    assert json.loads(run("-q", "--dump-map", ".bss").stdout)["entries"] == [{"key": 0, "value": {"packets": long}}]
    data = json.loads(run("-q", "--dump-map", ".data", section="shoot").stdout)["entries"][0]["value"]
    assert data == {"balance": -5 - len(frames()), "most": str(2**64 - 1 - len(frames()))}


@pytest.mark.parametrize("section, name", [("count", "types"), ("count", "lengths"), ("count", ".bss"), ("shoot", ".data")])
def test_what_is_dumped_can_be_filled_in_again(work, section, name):
    path = os.path.join(work, "map.json")
    # half touches no map, so what was filled in stays as it is.
    once = run("-q", "--dump-map", name, section=section).stdout
    with open(path, "w", encoding="utf-8") as f:
        f.write(once)
    assert run("-q", "--map", f"{name}={path}", "--dump-map", name, section="half").stdout == once
    with open(path, "w", encoding="utf-8") as f:
        json.dump(json.loads(once)["entries"], f)
    assert run("-q", "--map", f"{name}={path}", "--dump-map", name, section="half").stdout == once


def test_a_map_filled_before_is_what_the_program_finds(work):
    path = os.path.join(work, "m")
    with open(path, "w", encoding="ascii") as f:
        f.write('[{"key": {"type": 2048}, "value": {"packets": "0x64", "tag": "mine"}},'
                ' {"key": "34120000", "value": "%s"}]' % ("01" + 31 * "00"))
    dump = json.loads(run("-q", "--map", f"types={path}", "--dump-map", "types").stdout)
    found = {e["key"]["type"]: e["value"] for e in dump["entries"]}
    assert found[2048]["packets"] == 100 + sum(ether_type(frame) == 2048 for frame in frames())
    assert found[2048]["tag"] == "mine" and found[0x1234]["packets"] == 1


def test_constants():
    assert json.loads(run("-j", "--const", "mode=REFUSE").stdout)["accepted"] == 0
    got = json.loads(run("-j", "--const", "refuse=0x0800", "--const", "tag=abc", "--dump-map", "types").stdout)
    assert got["results"]["drop"] == sum(ether_type(frame) == 0x0800 for frame in frames())
    assert {e["value"]["tag"] for e in got["maps"][0]["entries"]} == {"abc"}
    assert json.loads(run("-q", "--const", "balance=-100", "-c", "1", "--dump-map", "balance", section="shoot").stdout)["value"] == -101


def test_what_programs_print_has_the_packets_number():
    types = [(i + 1, ether_type(frame)) for i, frame in enumerate(frames()) if len(frame) >= 14 and ether_type(frame) != 0x0806]
    printed = run("-q", "--trace", "--const", "mode=TALK").stdout.splitlines()
    assert printed == [f"{i:6}: type {t:x}" for i, t in types]
    trace = json.loads(run("-j", "--trace", "--const", "mode=TALK", "-c", "9").stdout)["trace"]
    assert trace == [{"packet": i, "line": f"type {t:x}"} for i, t in types if i <= 9]


def test_written_packets_are_as_the_program_left_them(work):
    out, back = os.path.join(work, "out.pcapng"), os.path.join(work, "back.pcap")
    assert run("-w", out).returncode == 0
    piped = subprocess.run([CTL, "run", TOOLS, "--section", "count", "-r", SAMPLE, "-w", "-"], capture_output=True, check=False)
    with open(out, "rb") as f:
        assert piped.stdout == f.read() and not piped.stderr
    subprocess.run([WINNOWD, "-q", "-r", out, "--format", "pcap", "-w", back], check=True)
    kept = {"pass": lambda f: f, "redirect": lambda f: f, "tx": without_head}
    assert frames(back) == [kept[verdict(frame)](frame) for frame in frames() if verdict(frame) in kept]


@pytest.mark.parametrize("args, status, says", [
    (["--const", "nope=1"], 1, "nope"),
    (["--const", "port"], 1, "NAME=VALUE"),
    (["--const", "mode=LOUD"], 1, "enum 'mode' has no 'LOUD'"),
    (["--const", "refuse=65536"], 1, "65536 does not fit 16 bits"),
    (["--const", "refuse=-1"], 1, "without a sign"),
    (["--const", "tag=much too long"], 1, "13 characters for an array of 8"),
    (["--const", "="], 1, "NAME=VALUE"),
    (["--const", ""], 2, "expected NAME=VALUE"),
    (["--map", "types"], 2, "expected MAP=FILE"),
    (["--map", "types="], 2, "expected MAP=FILE"),
    (["--map", "types=/nonexistent"], 1, "/nonexistent: map types: cannot be read: No such file"),
    (["--map", "types=/"], 1, "/"),
    (["--map", f"nope={SAMPLE}"], 1, "no map is called 'nope'"),
    (["--map", f"types={SAMPLE}"], 1, f"{SAMPLE}:"),
    (["--entries", "types=2"], 0, ""),
    (["--entries", "types"], 1, "expected MAP=N"),
    (["--entries", "types=0"], 1, "is no number of entries"),
    (["--entries", "types=4294967296"], 1, "is no number of entries"),
    (["--entries", "nope=5"], 1, "no map is called 'nope'"),
    (["--dump-map", "nope"], 1, "nope: no map and no variable"),
    (["--expect", "/nonexistent"], 1, "/nonexistent"),
    (["-c", "0"], 2, "--count"),
    (["--type", "kprobe"], 2, "--type"),
    (["-w", "/nonexistent/x"], 1, "/nonexistent/x"),
    (["-w", "-", "--verdicts"], 2, "-w -"),
])
def test_mistakes_are_named(args, status, says):
    done = run(*args)
    assert done.returncode == status and says in done.stderr, done.stderr


@pytest.mark.parametrize("text, says", [
    ("", ":1: "),
    ("[\n{]", ":2: "),
    ("{}", 'an object with "entries"'),
    ("7", 'an object with "entries"'),
    ("[7]", 'map types: entry 1: expected an object with "key" and "value"'),
    ('[{"key": {}, "value": {}}, {"key": {}}]', "entry 2: expected"),
    ('[{"key": 5, "value": {}}]', "entry 1: key: expected an object, not 5"),
    ('[{"key": {"typ": 5}, "value": {}}]', "entry 1: key: struct 'key' has no member 'typ'"),
    ('[{"key": {"type": 65536}, "value": {}}]', "entry 1: key: member 'type': 65536 does not fit 16 bits"),
    ('[{"key": {"type": 1.5}, "value": {}}]', "\"1.5\" is no whole number"),
    ('[{"key": {"type": null}, "value": {}}]', "\"null\" is no whole number"),
    ('[{"key": "0102", "value": {}}]', "expected 8 hexadecimal digits, not 4 characters"),
    ('[{"key": "0102030g", "value": {}}]', "is not hexadecimal"),
    ('[{"key": {}, "value": {"bytes": 1099511627776}}]', "member 'bytes': 1099511627776 does not fit 40 bits"),
    ('[{"key": {}, "value": {"tag": "123456789"}}]', "member 'tag': 9 characters for an array of 8"),
    ('[{"key": {}, "value": {"tag": "\\u20ac"}}]', "no byte"),
])
def test_a_bad_map_file_is_answered_with_the_place(work, text, says):
    path = os.path.join(work, "bad.json")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    done = run("--map", f"types={path}")
    assert done.returncode == 1 and done.stderr.startswith(f"winnowctl: {path}:") and says in done.stderr, done.stderr


def test_a_full_map_and_constants_refuse_entries(work):
    path = os.path.join(work, "m.json")
    with open(path, "w", encoding="ascii") as f:
        json.dump([{"key": {"type": i}, "value": {}} for i in range(65)], f)
    assert "entry 65: the map is full" in run("--map", f"types={path}").stderr
    with open(path, "w", encoding="ascii") as f:
        json.dump([{"key": 16, "value": 1}], f)
    assert "has no such index" in run("--map", f"lengths={path}").stderr
    with open(path, "w", encoding="ascii") as f:
        json.dump([{"value": {"refuse": 1}}], f)
    assert "constants are set with --const" in run("--map", f".rodata={path}").stderr


def test_texts_have_no_maps():
    for args in (["--map", "m=f"], ["--dump-map", "m"], ["--const", "a=1"], ["--entries", "m=1"]):
        done = run(*args, program="icmp", section=None)
        assert done.returncode == 1 and "only objects have" in done.stderr


def test_assembly_for_another_type(work):
    path = os.path.join(work, "x.s")
    with open(path, "w", encoding="ascii") as f:
        f.write("r0 = 3\nexit\n")
    assert lines(run("-q", "--verdicts", "-c", "1", "--type", "xdp", program=path, section=None))[0][1] == "tx"
    assert lines(run("-q", "--verdicts", "-c", "1", "--type", "tc", program=path, section=None))[0][1] == "pipe"
    assert lines(run("-q", "--verdicts", "-c", "1", program=path, section=None))[0][1] == "accept"


def inspect(*args):
    return subprocess.run([CTL, "inspect", *args], capture_output=True, text=True, check=False)


def test_inspect_shows_what_an_object_holds():
    answer = json.loads(inspect(TOOLS, "-j", "--relocs", "--lines").stdout)
    programs = {p["name"]: p for p in answer["programs"]}
    assert {n: p["type"] for n, p in programs.items()} == {"count": "xdp", "shoot": "tc", "half": "socket", "far": "xdp"}
    assert not any(p["refused"] for p in programs.values())
    assert set(programs["count"]["maps"]) == {"types", "lengths", ".rodata", ".bss"} and programs["half"]["maps"] == []
    assert {h["name"] for h in programs["count"]["helpers"]} == {
        "bpf_map_lookup_elem", "bpf_map_update_elem", "bpf_trace_printk", "bpf_redirect", "bpf_xdp_adjust_head"}
    maps = {m["name"]: m for m in answer["maps"]}
    assert (maps["types"]["type"], maps["types"]["key_bytes"], maps["types"]["value_bytes"], maps["types"]["max_entries"],
            maps["types"]["key_type"]) == ("hash", 4, 32, 64, "struct key")
    variables = {v["name"]: v["value"] for v in answer["variables"]}
    assert variables["mode"] == "QUIET" and variables["balance"] == -5 and variables["most"] == str(2**64 - 1)
    relocations = [r["symbol"] for s in answer["sections"] if s["name"] == ".relxdp" for r in s["list"]]
    assert "types" in relocations and "packets" in relocations
    assert any("data[1000]" in line["text"] for line in programs["far"]["lines"])
    assert answer["license"] == "GPL"
    text = inspect(TOOLS, "--lines", "--relocs").stdout
    assert all(name in text for name in [*programs, *maps, *variables, "bpf_redirect", "tools.c:", "R_BPF_64_64", "license GPL"])


def test_inspect_says_why_a_program_cannot_run_here():
    answer = json.loads(inspect(os.path.join(ROOT, "tests/elf/plain.eb.o"), "-j").stdout)
    assert "big-endian" in answer["programs"][0]["refused"]
    assert "cannot run here: compiled for a big-endian machine" in inspect(os.path.join(ROOT, "tests/elf/plain.eb.o")).stdout


@pytest.mark.parametrize("args, status, code", [([SAMPLE], 1, "P100"), (["/nonexistent"], 1, "P100"), ([WINNOWD], 1, "P101"),
                                                ([TOOLS, "--section", "nope"], 1, "P102"), ([], 2, ""), (["a", "b"], 2, "")])
def test_inspect_of_something_else(args, status, code):
    done = inspect(*args)
    assert done.returncode == status and code in done.stderr and not done.stdout


def winnowd(*args):
    return subprocess.run([WINNOWD, "-r", SAMPLE, "--stats=json", *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_daemon_keeps_what_xdp_passes(work, engine):
    ours = os.path.join(work, "ours.pcap")
    done = winnowd("-F", f"{TOOLS}:count", "--engine", engine, "-w", ours, "--format", "pcap")
    table = json.loads(done.stderr.splitlines()[-1])
    accepted = [frame for frame in frames() if verdict(frame) in ("pass", "tx", "redirect")]
    assert table["accepted"] == table["written"] == len(accepted)
    assert table["packets"] == table["accepted"] + table["rejected"] + table["faults"] == len(frames())
    assert table["aborted"] == sum(len(frame) < 14 for frame in frames())
    # As captured: nobody has taken the 14 bytes off that the program takes off.
    assert frames(ours) == accepted


def test_the_daemon_takes_constants():
    assert json.loads(winnowd("-F", f"{TOOLS}:count", "--const", "mode=REFUSE").stderr.splitlines()[-1])["accepted"] == 0
    wrong = winnowd("-F", f"{TOOLS}:count", "--const", "mode=LOUD")
    assert wrong.returncode == 65 and "P107" in wrong.stderr and "LOUD" in wrong.stderr
    assert "did you mean 'refuse'?" in winnowd("-F", f"{TOOLS}:count", "--const", "refusse=1").stderr
    assert winnowd("--const", "a=1", "icmp").returncode == 65
    assert winnowd("--const", "a", "icmp").returncode == 64


def test_offline_maps_are_filled_and_dumped(work):
    entries, out = os.path.join(work, "in.json"), os.path.join(work, "out.json")
    with open(entries, "w", encoding="ascii") as f:
        json.dump([{"key": {"type": 0x0800}, "value": {"packets": 1000}}, {"key": {"type": 1}, "value": {"packets": 5}}], f)
    done = winnowd("-F", f"{TOOLS}:count", "--map", f"types={entries}", "--dump-map", f"types={out}", "--dump-map", "packets=-")
    assert done.returncode == 0 and json.loads(done.stdout)["value"] == sum(len(frame) >= 14 for frame in frames())
    with open(out, encoding="ascii") as f:
        got = {(e["key"]["type"], e["key"]["vlan"]): e["value"]["packets"] for e in json.load(f)["entries"]}
    assert got[0x0800, 0] == 1000 + sum(ether_type(frame) == 0x0800 for frame in frames()) and got[1, 0] == 5
    assert json.loads(run("-j", "--map", f"types={entries}", "--dump-map", "types").stdout)["maps"][0]["entries"] == json.load(
        open(out, encoding="ascii"))["entries"]
    for args, status, says in ((["--map", f"typs={entries}"], 65, "did you mean 'types'?"), (["--map", "types=/nonexistent"], 66, "P121"),
                               (["--map", "types"], 64, "MAP=FILE"), (["--dump-map", "nope=-"], 65, "nope"),
                               (["--dump-map", "types=/nonexistent/x"], 73, "/nonexistent/x")):
        done = winnowd("-F", f"{TOOLS}:count", *args)
        assert done.returncode == status and says in done.stderr, (args, done)
    assert "only objects have maps" in winnowd("--map", "a=/dev/null", "icmp").stderr


def check(work, keys, section="count"):
    """What the configuration with a filter of tools.o and these keys gets to hear: status and diagnostics."""
    path = os.path.join(work, "w.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"[control]\nsocket = none\n[interface lo]\nfilter = f\n[filter f]\nprogram = {TOOLS}\nsection = {section}\n{keys}")
    done = subprocess.run([WINNOWD, "--check", "--json", "--config", path], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)["errors"]


@pytest.mark.parametrize("keys, code, line, key, says", [
    ("const.mode = REFUSE\nconst.refuse = 1\nconst.tag = \"a b\"\nconst.balance = -3\n", None, 0, None, None),
    ("const.tag = [97,\n  98, 0, 0, 0, 0,\n  0, 0]\n", None, 0, None, None),
    ("const.mode = LOUD\n", "P107", 8, "const.mode", "enum 'mode' has no 'LOUD'"),
    ("fuel = 5\nconst.refusse = 1\n", "P107", 9, "const.refusse", "did you mean 'refuse'?"),
    ("const.refuse = 65536\n", "P107", 8, "const.refuse", "does not fit 16 bits"),
    ("const.tag = [97,\n  98]\n", "P107", 8, "const.tag", "expected 8 elements"),
    ("const. = 5\n", "C003", 8, None, "unknown key"),
    ("cnst.mode = 5\n", "C003", 8, None, 'did you mean "const.mode"?'),
    ("map.types.max_entires = 5\n", "C003", 8, None, 'did you mean "map.types.max_entries"?'),
    ("map.types.persist = yes\n", "C003", 8, None, "not supported yet"),
    ("const.mode = QUIET\nconst.mode = TALK\n", "C004", 9, "const.mode", "first on line 8"),
    ("map.types.max_entries = 8\nmap.types.private = yes\n", None, 0, None, None),
    ("map.types.max_entries = 0\n", "C013", 8, "map.types.max_entries", "1 to 4294967295"),
    ("map.tipes.max_entries = 8\n", "P104", 8, "map.tipes.max_entries", "did you mean 'types'?"),
    ("map..bss.max_entries = 8\n", "P104", 8, "map..bss.max_entries", "variables"),
    ("map.types.private = 2\n", "C010", 8, "map.types.private", "is not yes or no"),
    ("map.nope.private = no\n", "P104", 8, "map.nope.private", "no map is called"),
    ("map.types.file = relative\n", "C015", 8, "map.types.file", "absolute"),
    ("map.types.file = /nonexistent\n", "C001", 8, "map.types.file", "No such file"),
    ("maps = kept\n", "C014", 8, "maps", "keep, reset"),
])
def test_the_configuration_sets_variables_and_maps(work, keys, code, line, key, says):
    status, errors = check(work, keys)
    if not code:
        assert status == 0 and not errors
        return
    first = errors[0]
    assert status == 78 and (first["code"], first["line"], first["key"]) == (code, line, key), errors
    assert says in first["message"] + str(first["hint"]), first


def test_a_map_file_is_answered_with_its_line(work):
    path = os.path.join(work, "m.json")
    for text, line, says in (('[\n{"key": {"type": 1}, "value": {}},\n\n{"key": {"type": 70000}, "value": {}}]', 4, "entry 2: key"),
                             ('{"x": [1, {"entries": "]"}],\n "entries":\n [{"value": 5}]}', 3, "entry 1: expected an object"),
                             ('{"x": "\\"entries", "entries": [{"key": {}, "value": {"tag": "a]\\""}},\n 5]}', 2, "entry 2: expected"),
                             ("[\n\n5", 3, ""), ("{}", 1, "expected an array")):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        status, errors = check(work, f"map.types.file = {path}\n")
        assert status == 78 and (errors[0]["code"], errors[0]["file"], errors[0]["line"], errors[0]["key"]) == ("P121", path, line, "map.types.file")
        assert says in errors[0]["message"], errors
    with open(path, "w", encoding="ascii") as f:
        json.dump([{"key": {"type": i}, "value": {}} for i in range(9)], f)
    assert "entry 9: the map is full" in check(work, f"map.types.file = {path}\nmap.types.max_entries = 8\n")[1][0]["message"]
    assert check(work, f"map.types.file = {path}\n") == (0, [])


def test_expressions_have_neither_variables_nor_maps(work):
    path = os.path.join(work, "w.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("[control]\nsocket = none\n[interface lo]\nfilter = f\n[filter f]\nexpr = icmp\nconst.a = 1\n"
                "map.m.max_entries = 2\nmap.m.private = yes\n")
    done = subprocess.run([WINNOWD, "--check", "--json", "--config", path], capture_output=True, text=True, check=False)
    assert [(e["code"], e["line"]) for e in json.loads(done.stdout)["errors"]] == [("P107", 7), ("P104", 8), ("P104", 9)]


def test_the_manuals_example_does_what_it_says(work):
    with open(os.path.join(ROOT, "docs/winnow-filter.7.scd"), encoding="utf-8") as f:
        text = f.read().split("# TRYING IT")[1]
    source = os.path.join(work, "count.c")
    with open(source, "w", encoding="ascii") as f:
        f.write(text.split("```")[1])
    command = [line for line in text.split("```")[3].splitlines() if line.startswith("clang")][0]
    try:
        subprocess.run(command.replace("clang", "clang-14", 1).split(), check=True, cwd=work)
    except FileNotFoundError:
        pytest.skip("no clang")
    done = run("--verdicts", "--dump-map", "types", program=os.path.join(work, "count.o"), section=None)
    assert done.returncode == 0 and '"map": "types"' in done.stdout
    assert [line[1] for line in lines(done)[:len(frames())]] == [
        {"aborted": "aborted", "drop": "drop"}.get(verdict(frame), "pass") for frame in frames()]
