# SPDX-License-Identifier: MIT
"""Maps of the running daemon: what winnowctl and the control socket see and change, what a reload does to them."""
import json
import os
import re
import shutil
import socket
import subprocess
import threading

import pytest

from conftest import BUILD, ROOT, needs_root, wait_for

CTL = os.path.join(BUILD, "src/winnowctl")
TOOLS = os.path.join(ROOT, "tests/e2e/tools.o")
IPV4 = {"type": 0x0800, "vlan": 0}
NOBODY = 65534

pytestmark = needs_root


def conf(keys="", program=TOOLS, section="count"):
    return (f"[filter f]\nprogram = {program}\n" + (f"section = {section}\n" if section else "") + keys +
            "[interface wn1]\nfilter = f\nring = 64MiB\n")


def value(packets, **more):
    return {"packets": packets, "bytes": 0, "rest": 0, "tag": "", "last": 0, **more}


def dump(daemon, name="types", **more):
    """All entries of a map, piece by piece: [(key, value)]."""
    entries, cursor = [], None
    while True:
        error, answer = daemon.call("MapDump", filter="f", map=name, cursor=cursor, **more)
        assert error is None, answer
        assert len(answer["entries"]) <= more.get("limit", 1000)
        entries += [(e["key"], e["value"]) for e in answer["entries"]]
        cursor = answer["cursor"]
        if cursor is None:
            return entries


def packets(daemon):
    """Of IPv4, as the program counted them."""
    return next((v["packets"] for k, v in dump(daemon) if k == IPV4), 0)


def get(daemon, key, name="types"):
    error, answer = daemon.call("MapGet", filter="f", map=name, key=key)
    assert error is None, answer
    return answer["entry"] and answer["entry"]["value"]


def update(daemon, name="types", **what):
    return daemon.call("MapUpdate", filter="f", map=name, **what)


def ctl(daemon, *args, **kwargs):
    return subprocess.run([CTL, "-s", daemon.sock, *args], capture_output=True, text=True, check=False, timeout=60, **kwargs)


def keys(first, last):
    return [{"key": {"type": i}, "value": {"packets": i}} for i in range(first, last)]


# ---- seeing and changing

def test_what_maps_there_are(daemon):
    daemon.start(conf("map.lengths.private = yes\n"))
    error, answer = daemon.call("List", kind="maps")
    maps = {m["name"]: m for m in answer["items"]}
    with open(os.path.join(ROOT, "src/common/org.winnow.Control.varlink"), encoding="ascii") as f:
        described = re.search(r"^type Map \((.*?)^\)", f.read(), re.M | re.S).group(1)
    assert set(maps["types"]) == set(re.findall(r"(\w+):", described))
    assert error is None and set(maps) == {"types", "lengths", ".rodata", ".bss"}
    assert {k: maps["types"][k] for k in ("filter", "type", "key_type", "value_type", "key_bytes", "value_bytes", "max_entries", "entries",
                                          "read_only", "private")} == {
        "filter": "f", "type": "hash", "key_type": "struct key", "value_type": "struct seen", "key_bytes": 4, "value_bytes": 32,
        "max_entries": 64, "entries": 0, "read_only": False, "private": False}
    assert maps["lengths"]["private"] and maps[".rodata"]["read_only"]
    assert [line.split()[:3] for line in ctl(daemon, "map", "list", "f").stdout.splitlines()[1:]] == [
        ["f", m["name"], m["type"]] for m in answer["items"]]
    assert json.loads(ctl(daemon, "map", "list", "-j").stdout) == answer == json.loads(ctl(daemon, "list", "maps", "-j").stdout)
    assert json.loads(ctl(daemon, "map", "list", "nope", "-j").stdout)["items"] == []


def test_packets_are_seen_in_the_map_and_in_text(daemon):
    daemon.start(conf())
    daemon.net.send(1000)
    daemon.delivered(1000)
    assert packets(daemon) == 1000
    assert get(daemon, IPV4)["packets"] == 1000 and get(daemon, {"type": 5}) is None
    text = ctl(daemon, "map", "dump", "f", "types")
    shown = json.loads(text.stdout)
    assert text.stdout.count("\n") == 3 and shown["map"] == "types" and shown["entries"][0]["value"]["packets"] == 1000
    assert json.loads(ctl(daemon, "map", "dump", "f", "types", "-j").stdout) == shown
    assert json.loads(ctl(daemon, "map", "get", "f", "types", '{"type": 2048}').stdout)["packets"] == 1000
    assert json.loads(ctl(daemon, "map", "get", "f", "types", "00080000").stdout)["packets"] == 1000
    absent = ctl(daemon, "map", "get", "f", "types", '{"type": 7}')
    assert (absent.returncode, absent.stdout, absent.stderr) == (1, "", "")
    assert json.loads(ctl(daemon, "map", "get", "f", "types", '{"type": 7}', "-j").stdout) == {"found": False, "entry": None}
    assert json.loads(ctl(daemon, "map", "get", "f", ".bss").stdout)["packets"] == 1000


def test_what_is_dumped_fills_a_map_of_winnowctl_run(daemon, work):
    daemon.start(conf())
    assert update(daemon, set=keys(10, 20))[0] is None
    path = os.path.join(work, "dump")
    with open(path, "w", encoding="ascii") as f:
        f.write(ctl(daemon, "map", "dump", "f", "types").stdout)
    done = subprocess.run([CTL, "run", TOOLS, "--section", "count", "-r", os.path.join(ROOT, "conf/sample.pcap"), "-c", "1", "-j",
                           "--map", f"types={path}", "--dump-map", "types"], capture_output=True, text=True, check=True)
    ours = [e for e in json.loads(done.stdout)["maps"][0]["entries"] if 10 <= e["key"]["type"] < 20]
    assert [e["value"]["packets"] for e in ours] == list(range(10, 20))


def test_setting_and_deleting(daemon):
    daemon.start(conf())
    assert update(daemon, set=keys(1, 4)) == (None, {"applied": 3, "entries": 3})
    assert update(daemon, delete=[{"type": 2}], set=keys(9, 10)) == (None, {"applied": 2, "entries": 3})
    assert sorted(k["type"] for k, _ in dump(daemon)) == [1, 3, 9]
    error, answer = update(daemon, mode="create", set=keys(3, 5))
    assert error.endswith("MapRefused") and answer["key"] == {"type": 3} and answer["applied"] == 0 and "already" in answer["reason"]
    error, answer = update(daemon, mode="replace", set=[*keys(3, 4), *keys(50, 51)])
    assert error.endswith("MapRefused") and answer["key"] == {"type": 50} and answer["applied"] == 1
    error, answer = update(daemon, delete=[{"type": 77}])
    assert error.endswith("MapRefused") and "no such key" in answer["reason"]
    for args, status, says in (
            (["set", "f", "types", '{"type": 30}', '{"packets": 3}', "1f000000", "00" * 32], 0, ""),
            (["set", "f", "types", '{"type": 30}', '{"packets": 4}', "--new"], 1, 'map types: {"type": 30}: the map has this key already'),
            (["set", "f", "types", '{"type": 30}', '{"packts": 4}'], 1, "has no member 'packts'"),
            (["set", "f", "types", '{"type": 30}'], 1, "the key is missing"),
            (["set", "f", "types", "1e000000", "00" * 32, "1f000000"], 2, "a key without a value"),
            (["set", "f", "lengths", "3", "77"], 0, ""),
            (["set", "f", "lengths", "99", "77"], 1, 'map lengths: "99": the map is full, or has no such index'),
            (["set", "f", "lengths", "x", "77"], 1, "no whole number"),
            (["set", "f", ".rodata", "0", '{"mode": "TALK"}'], 1, "constants"),
            (["set", "f", ".bss", '{"packets": 5}'], 0, ""), (["set", "f", ".bss", '{"pakets": 5}'], 1, "pakets"),
            (["del", "f", "types", '{"type": 30}', "1f000000"], 0, ""),
            (["del", "f", "types", '{"type": 30}'], 1, "no such key"),
            (["del", "f", "lengths", "3"], 1, "cannot be deleted"),
            (["get", "f", "lengths", "3"], 0, ""), (["get", "f", "lengths", "4", "5"], 2, "one key at a time"),
            (["dump", "f", "tipes"], 1, 'there is no map "tipes" in filter f; did you mean "types"?'),
            (["dump", "g", "types"], 1, 'there is no filter "g"'), (["dump", "f"], 2, "which filter and map"),
            (["dump", "f", "types", "x"], 2, "takes no operand"), (["burn", "f", "types"], 2, "one of list"), ([], 2, "one of list")):
        done = ctl(daemon, "map", *args)
        assert done.returncode == status and says in done.stderr and (status == 0 or not done.stdout), (args, done)
    assert get(daemon, 3, "lengths") == 77 and get(daemon, None, ".bss")["packets"] == 5
    assert daemon.said("control.audit") >= 10 and "MapUpdate: done: filter f, map types: 2 of 2 changes" in daemon.read_log()


def test_all_or_nothing(daemon):
    daemon.start(conf())
    update(daemon, set=keys(0, 60))
    before = sorted(dump(daemon), key=str)
    changes = {"delete": [{"type": 3}], "set": [{"key": {"type": 5}, "value": {"packets": 500}}, *keys(100, 110)]}
    error, answer = update(daemon, atomic=True, **changes)
    assert error.endswith("MapRefused") and answer["applied"] == 0 and "full" in answer["reason"]
    assert sorted(dump(daemon), key=str) == before
    error, answer = update(daemon, **changes)
    assert error.endswith("MapRefused") and answer["applied"] == 7 and len(dump(daemon)) == 64
    # What cannot be read changes nothing either, wherever it stands.
    now = sorted(dump(daemon), key=str)
    error, answer = update(daemon, delete=[{"type": 5}], set=[{"key": {"type": 6}, "value": {"nope": 1}}])
    assert error.endswith("MapRefused") and answer["key"] == {"type": 6} and sorted(dump(daemon), key=str) == now


@pytest.mark.parametrize("method, parameters, error", [
    ("MapDump", {"map": "types"}, "InvalidParameter"),
    ("MapDump", {"filter": "f", "map": "types", "limit": 0}, "InvalidParameter"),
    ("MapDump", {"filter": "f", "map": "types", "limit": 1001}, "InvalidParameter"),
    ("MapDump", {"filter": "f", "map": "types", "cursor": "zz"}, "InvalidParameter"),
    ("MapDump", {"filter": "f", "map": "types", "cursor": "0" * 7}, "InvalidParameter"),
    ("MapDump", {"filter": "f", "map": "types", "cursor": "ffffffff"}, None),
    ("MapGet", {"filter": "f", "map": "types"}, "MapRefused"),
    ("MapGet", {"filter": "f", "map": "types", "key": {"type": 1.5}}, "MapRefused"),
    ("MapGet", {"filter": "f", "map": "types", "key": [[[[]]]]}, "MapRefused"),
    ("MapUpdate", {"filter": "f", "map": "types", "mode": "some"}, "InvalidParameter"),
    ("MapUpdate", {"filter": "f", "map": "types", "set": {}}, "InvalidParameter"),
    ("MapUpdate", {"filter": "f", "map": "types", "set": [7]}, "MapRefused"),
    ("MapUpdate", {"filter": "f", "map": "types", "set": [{"key": {}}]}, "MapRefused"),
    ("MapUpdate", {"filter": "f", "map": "types", "delete": [None]}, "MapRefused"),
    ("MapUpdate", {"filter": "f", "map": "types", "delete": ["00000000"] * 1001}, "LimitExceeded"),
    ("MapUpdate", {"filter": "f", "map": "types"}, None),
    ("MapUpdate", {"filter": "f", "map": "x" * 300}, "NotFound"),
])
def test_wrong_requests(daemon, method, parameters, error):
    daemon.start(conf())
    got, answer = daemon.call(method, **parameters)
    assert (got or "").split(".")[-1] == (error or ""), answer
    assert daemon.status()["state"] == "running"


def as_nobody(daemon, *args):
    return ctl(daemon, *args, user=NOBODY, group=NOBODY, extra_groups=[])


def test_who_may_see_and_who_may_change(daemon):
    daemon.start(conf("map.lengths.private = yes\n"))
    os.chmod(daemon.sock, 0o666)
    assert as_nobody(daemon, "map", "dump", "f", "types").returncode == 0
    for args in (["dump", "f", "lengths"], ["get", "f", "lengths", "1"], ["set", "f", "types", "00000000", "00" * 32],
                 ["del", "f", "types", "00000000"]):
        done = as_nobody(daemon, "map", *args)
        assert done.returncode == 4 and "for role admin" in done.stderr, done
    assert ctl(daemon, "map", "dump", "f", "lengths").returncode == 0
    assert "uid 65534" in daemon.read_log()


def test_watching(daemon):
    daemon.start(conf())
    update(daemon, set=keys(1, 3))
    watcher = subprocess.Popen([CTL, "-s", daemon.sock, "map", "watch", "f", "types", "-w", "20ms", "-c", "3"], stdout=subprocess.PIPE, text=True)
    seen, number = "", 100
    # Nobody says when it begins to look: so there is always something to see.
    reader = threading.Thread(target=lambda: lines.extend(watcher.stdout))
    lines = []
    reader.start()
    while watcher.poll() is None:
        number += 1
        update(daemon, set=[{"key": {"type": 1}, "value": {"packets": number}}])
    reader.join()
    seen = [line.split(" ", 1) for line in lines]
    assert watcher.returncode == 0 and [s[0] for s in seen] == ["~"] * 3 and all('"type": 1' in s[1] for s in seen)


# ---- records

SAMPLER = os.path.join(ROOT, "conf/filters/sampler.o")


def test_records_are_taken_out(daemon):
    daemon.start(conf("const.every = 1\n", program=SAMPLER, section=None))
    daemon.net.send(10)
    daemon.delivered(10)
    error, first = daemon.call("MapTake", filter="f", map="samples", limit=4)
    assert error is None and len(first["records"]) == 4 and first["more"] and first["lost"] == 0
    error, rest = daemon.call("MapTake", filter="f", map="samples")
    assert error is None and len(rest["records"]) == 6 and not rest["more"]
    error, none = daemon.call("MapTake", filter="f", map="samples")
    assert none == {"records": [], "more": False, "lost": 0}
    record = first["records"][0]
    data = bytes.fromhex(record["data"])
    assert record["bytes"] == len(data) == 152 and record["cpu"] is None
    length, kept = (int.from_bytes(data[i:i + 4], "little") for i in (12, 16))
    assert kept == min(length, 128) and data[20 + 12:20 + 14] == b"\x08\x00"
    for parameters, error in (({"filter": "f", "map": "samples", "limit": 0}, "InvalidParameter"),
                              ({"filter": "f", "map": "sampls"}, "NotFound"), ({"filter": "f", "map": ".bss"}, "MapRefused")):
        assert daemon.call("MapTake", **parameters)[0].endswith(error)


def test_records_are_watched_and_lost_ones_counted(daemon):
    daemon.start(conf("const.every = 1\n", program=SAMPLER, section=None))
    daemon.net.send(5)
    daemon.delivered(5)
    shown = ctl(daemon, "map", "watch", "f", "samples", "-c", "5")
    assert shown.returncode == 0 and shown.stdout.count("152 bytes\n") == 5 and shown.stdout.count("\t0x0010: ") == 5
    watcher = subprocess.Popen([CTL, "-s", daemon.sock, "map", "watch", "f", "samples", "-w", "20ms", "--json=short"], stdout=subprocess.PIPE, text=True)
    daemon.net.send(1)
    assert json.loads(watcher.stdout.readline())["bytes"] == 152
    watcher.send_signal(19) # SIGSTOP: a reader that is slow
    daemon.net.send(3000)
    daemon.delivered(3006)
    watcher.send_signal(18)
    seen = lost = 0
    while seen + lost < 3000:
        line = json.loads(watcher.stdout.readline())
        seen, lost = seen + ("bytes" in line), lost + line.get("lost", 0)
    watcher.kill()
    watcher.wait()
    assert seen + lost == 3000 and lost > 1000 and seen > 1000


def test_completion(daemon):
    daemon.start(conf())

    def offered(*words):
        return ctl(daemon, "complete", "--shell", "bash", "--", "-s", daemon.sock, *words).stdout.split()
    assert offered("map", "") == ["list", "dump", "get", "set", "del", "watch"]
    assert offered("map", "dump", "") == ["f"] and offered("map", "dump", "f", "t") == ["types"]
    assert "maps" in offered("list", "") and "--atomic" in offered("map", "set", "--")


# ---- large and busy

def test_a_large_map_comes_in_pieces_and_packets_go_on(daemon):
    daemon.start(conf("map.types.max_entries = 65536\n"))
    for first in range(0, 60000, 1000):
        assert update(daemon, set=[{"key": f"{i & 255:02x}{i >> 8:02x}0000", "value": "00" * 32} for i in range(first, first + 1000)])[0] is None
    sender = daemon.net.sender(60000, 20000)
    seen = [k["type"] for k, _ in dump(daemon)]
    assert set(seen) == set(range(60000)) | ({0x0800} & set(seen)) and len(seen) == len(set(seen))
    assert json.loads(ctl(daemon, "map", "dump", "f", "types").stdout)["entries"][0]["value"] is not None
    assert int(sender.communicate(timeout=120)[0]) == 60000
    daemon.delivered(60000)
    assert daemon.interface()["dropped_packets"] == 0 and packets(daemon) == 60000


def test_updates_at_full_rate_and_packets_lose_no_count(daemon):
    """Others' keys come and go in the map that the filter counts in; its own count is exact."""
    daemon.start(conf())
    count, rounds, stop = 60000, 0, threading.Event()
    assert update(daemon, set=[{"key": IPV4, "value": {"packets": 0}}])[0] is None
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(daemon.sock)
        s.settimeout(30)
        sender = daemon.net.sender(count)
        waiter = threading.Thread(target=lambda: (sender.wait(), stop.set()))
        waiter.start()
        while not stop.is_set() or rounds < 50:
            for parameters in ({"set": keys(1, 60)}, {"delete": [{"type": i} for i in range(1, 60)]}):
                call = {"method": "org.winnow.Control.MapUpdate", "parameters": {"filter": "f", "map": "types", **parameters}}
                s.sendall(json.dumps(call).encode() + b"\0")
                data = b""
                while not data.endswith(b"\0"):
                    data += s.recv(65536)
                answer = json.loads(data[:-1])
                assert "error" not in answer and answer["parameters"]["applied"] == 59, answer
            rounds += 1
        waiter.join()
    assert int(sender.communicate()[0]) == count
    wait_for("all packets", lambda: daemon.interface()["delivered_packets"] + daemon.interface()["dropped_packets"] >= count, 60)
    assert packets(daemon) == daemon.interface()["delivered_packets"] and len(dump(daemon)) == 1


# ---- reloads

def test_maps_go_on(daemon):
    daemon.start(conf())
    sender = daemon.net.sender(60000, 30000)
    for fuel in range(1000, 1020):
        assert daemon.reload(conf(f"fuel = {fuel}\n"))[0] is None
    assert int(sender.communicate(timeout=120)[0]) == 60000
    daemon.delivered(60000)
    assert packets(daemon) == 60000 and daemon.generation() == 21
    assert daemon.reload(conf("maps = reset\n"))[0] is None
    assert dump(daemon) == []


def test_variables_go_on_if_they_are_asked_to(daemon):
    daemon.start(conf("globals = keep\n"))
    daemon.net.send(100)
    daemon.delivered(100)
    assert daemon.reload(conf("globals = keep\nfuel = 5000\nconst.packets = 7\n"))[0] is None
    assert get(daemon, None, ".bss")["packets"] == 100
    assert daemon.reload(conf("fuel = 5000\nconst.packets = 7\nconst.tag = new\n"))[0] is None
    assert get(daemon, None, ".bss")["packets"] == 7 and get(daemon, None, ".rodata")["tag"] == "new"
    assert packets(daemon) == 100


def test_a_larger_map_keeps_what_it_holds_and_a_smaller_one_is_refused(daemon):
    daemon.start(conf())
    update(daemon, set=keys(0, 64))
    assert update(daemon, set=keys(64, 65))[0] is not None
    assert daemon.reload(conf("map.types.max_entries = 100\n"))[0] is None
    assert sorted(k["type"] for k, _ in dump(daemon)) == list(range(64))
    assert update(daemon, set=keys(64, 100))[0] is None
    error, answer = daemon.reload(conf("map.types.max_entries = 99\n"))
    diagnostic = answer["diagnostics"][0]
    assert error.endswith("ConfigInvalid") and (diagnostic["code"], diagnostic["key"]) == ("P120", "maps")
    assert "map 'types' cannot go on: its number of entries is 99, and was 100" in diagnostic["message"]
    assert "maps = reset" in diagnostic["hint"] and len(dump(daemon)) == 100 and daemon.generation() == 2
    assert daemon.reload(conf("map.types.max_entries = 99\nmaps = reset\n"))[0] is None
    assert dump(daemon) == [] and daemon.generation() == 3


def test_another_shape_is_refused_in_words(daemon, work):
    """types as struct seen says, then with another value: the same object, with other numbers in its types."""
    program = os.path.join(work, "web.o")
    shutil.copy(TOOLS, program)
    daemon.start(conf(program=program))
    daemon.net.send(10)
    daemon.delivered(10)
    source = os.path.join(work, "tools.c")
    with open(os.path.join(ROOT, "tests/e2e/tools.c"), encoding="ascii") as f:
        text = f.read()

    def compiled(*changes):
        changed = text
        for before, after in changes:
            assert before in changed
            changed = changed.replace(before, after)
        with open(source, "w", encoding="ascii") as f:
            f.write(changed)
        subprocess.run(["clang-14", "-O2", "-g", "-target", "bpf", "-I", "/usr/include/x86_64-linux-gnu", "-c", source, "-o", program + ".new"],
                       check=True)
        os.rename(program + ".new", program)
        return daemon.reload(conf(program=program))

    for changes, says in (([("    int last;\n", "    int last, more[2];\n")], "map 'types' cannot go on: its value size is 40, and was 32"),
                          ([("    __u8 vlan;\n", "    __u8 vlan[3];\n"), ("key.vlan =", "key.vlan[0] =")],
                           "map 'types' cannot go on: its key size is 6, and was 4"),
                          ([("BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_LRU_HASH")], "map 'types' cannot go on: its type is lru_hash, and was hash"),
                          ([("__uint(max_entries, 64);", "__uint(max_entries, 64); __uint(map_flags, BPF_F_NO_PREALLOC);")],
                           "map 'types' cannot go on: its set of flags is 1, and was 0")):
        error, answer = compiled(*changes)
        assert error is not None and says in answer["diagnostics"][0]["message"], answer
        assert packets(daemon) == 10 and daemon.generation() == 1
    assert compiled(("__uint(max_entries, 64);", "__uint(max_entries, 128);"))[0] is None
    assert packets(daemon) == 10
    assert compiled(("} types SEC", "} kinds SEC"), ("&types", "&kinds"), ("__uint(max_entries, 64);", "__uint(max_entries, 128);"))[0] is None
    assert dump(daemon, "kinds") == []


def write(path, entries):
    with open(path + ".new", "w", encoding="ascii") as f:
        json.dump(entries, f)
    os.rename(path + ".new", path)


def held(daemon):
    return {k["type"]: v["packets"] for k, v in dump(daemon)}


def test_a_file_that_changes_is_compared(daemon, work):
    path = os.path.join(work, "types.json")
    write(path, keys(1, 4))
    with_file = conf(f"map.types.file = {path}\n")
    daemon.start(with_file)
    assert held(daemon) == {1: 1, 2: 2, 3: 3}
    update(daemon, set=[{"key": {"type": 2}, "value": {"packets": 200}}, {"key": {"type": 9}, "value": {"packets": 9}}])
    # 1 is gone, 2 is as it was in the file, 3 has another value, 4 is new; 9 was never the file's.
    write(path, [{"key": {"type": 2}, "value": {"packets": 2}}, {"key": {"type": 3}, "value": {"packets": 33}}, *keys(4, 5)])
    assert daemon.reload()[0] is None
    assert held(daemon) == {2: 200, 3: 33, 4: 4, 9: 9}
    assert daemon.reload()[1]["phase"] == "unchanged"
    assert daemon.reload(conf(f"map.types.file = {path}\nfuel = 77\n"))[0] is None and held(daemon) == {2: 200, 3: 33, 4: 4, 9: 9}
    assert daemon.reload(conf(f"map.types.file = {path}\nmaps = reset\n"))[0] is None and held(daemon) == {2: 2, 3: 33, 4: 4}


def test_a_refused_reload_touches_nothing(daemon, work):
    path = os.path.join(work, "types.json")
    write(path, keys(1, 4))
    daemon.start(conf(f"map.types.file = {path}\n"))
    write(path, keys(5, 9))
    for broken, code in (("const.nope = 1\n", "P107"), ("map.lengths.max_entries = 1\n", "P120"), ("engine = nope\n", "C014"),
                         ("map.types.max_entries = 3\nmaps = reset\n", "P121")):
        error, answer = daemon.reload(conf(f"map.types.file = {path}\n" + broken))
        assert error is not None and answer["diagnostics"][0]["code"] == code, answer
        assert held(daemon) == {1: 1, 2: 2, 3: 3}
    write(path, [*keys(5, 6), {"key": {"type": "x"}, "value": {}}])
    error, answer = daemon.reload(conf(f"map.types.file = {path}\n"))
    assert (answer["diagnostics"][0]["code"], answer["diagnostics"][0]["file"]) == ("P121", path) and held(daemon) == {1: 1, 2: 2, 3: 3}
    assert daemon.call("Reload", dry_run=True)[0] is not None and held(daemon) == {1: 1, 2: 2, 3: 3}
    write(path, keys(5, 9))
    assert daemon.call("Reload", dry_run=True)[0] is None and held(daemon) == {1: 1, 2: 2, 3: 3}
    assert daemon.reload()[0] is None and held(daemon) == {i: i for i in range(5, 9)}


# ---- other kinds

def test_a_trie_of_addresses(daemon, work):
    path = os.path.join(work, "blocked.json")
    write(path, {"entries": [{"key": "192.0.2.0/24", "value": {}}, {"key": "10.0.0.0/8", "value": {"exempt": 1}}]})
    daemon.start(conf(f"map.blocked4.file = {path}\n", program=os.path.join(ROOT, "conf/filters/blocklist.o"), section=None))
    # The sender's packets come from 192.0.2.1.
    daemon.net.send(100)
    daemon.delivered(100)
    assert daemon.interface()["rejected_packets"] == 100
    held = dict(dump(daemon, "blocked4"))
    assert held["192.0.2.0/24"]["packets"] == 100 and held["10.0.0.0/8"]["exempt"] == 1
    assert json.loads(ctl(daemon, "map", "get", "f", "blocked4", "192.0.2.77").stdout)["packets"] == 100
    assert ctl(daemon, "map", "get", "f", "blocked4", "192.0.3.77").returncode == 1
    assert ctl(daemon, "map", "set", "f", "blocked4", "192.0.2.1/32", '{"exempt": 1}').returncode == 0
    daemon.net.send(50)
    daemon.delivered(150)
    assert daemon.interface()["accepted_packets"] == 50
    for key, says in (("192.0.2.0/33", "expected /0 to /32"), ("192.0.2/24", "is no IPv4 address"), ("::1/128", "is no IPv4 address"), ("1.2.3.4/", "expected /0")):
        done = ctl(daemon, "map", "set", "f", "blocked4", key, "{}")
        assert done.returncode == 1 and says in done.stderr, done
    assert ctl(daemon, "map", "set", "f", "blocked6", "2001:db8::/32", "{}").returncode == 0
    assert [k for k, _ in dump(daemon, "blocked6")] == ["2001:db8::/32"]
    # What is undone comes back as it was, also where a shorter prefix would answer.
    before = sorted(dump(daemon, "blocked4"), key=str)
    changes = {"delete": ["192.0.2.1/32"], "set": [{"key": "192.0.2.0/25", "value": {}}, {"key": "192.0.2.0/24", "value": {}}]}
    error, _ = update(daemon, "blocked4", atomic=True, mode="create", **changes)
    assert error.endswith("MapRefused") and sorted(dump(daemon, "blocked4"), key=str) == before
    assert daemon.reload(conf(f"map.blocked4.file = {path}\nmap.blocked4.max_entries = 20000\n", program=os.path.join(ROOT, "conf/filters/blocklist.o"),
                              section=None))[0] is None
    assert sorted(dump(daemon, "blocked4"), key=str) == before


def test_sections_arrays_and_programs(daemon):
    daemon.start(conf(program=os.path.join(ROOT, "conf/filters/dispatch.o"), section="dispatch"))
    daemon.net.send(10)
    daemon.delivered(10)
    assert dump(daemon, "seen") == [(1, 10)]
    error, answer = daemon.call("MapDump", filter="f", map="programs")
    assert error.endswith("MapRefused") and "cannot be listed" in answer["reason"]
    assert update(daemon, "programs", set=[{"key": 0, "value": 5}])[1]["reason"] == "the map holds programs"
    # Its programs are made anew with each load, and go on counting in the same map.
    assert daemon.reload(conf("fuel = 5000\n", program=os.path.join(ROOT, "conf/filters/dispatch.o"), section="dispatch"))[0] is None
    daemon.net.send(10)
    daemon.delivered(20)
    assert dump(daemon, "seen") == [(1, 20)] and daemon.interface()["accepted_packets"] == 20
