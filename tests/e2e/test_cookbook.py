# SPDX-License-Identifier: MIT
"""The filters of conf/filters on packets made for them: what each one says, and what is in its maps afterwards.

What the kernel says of them, and what its own machine does with them, is asked by tests/cookbook."""
import ipaddress
import json
import os
import subprocess

import pytest
from scapy.all import ARP, DNS, DNSQR, ICMP, IP, TCP, UDP, Dot1Q, Ether, IPv6, Raw, RawPcapReader, wrpcap  # pylint: disable=no-name-in-module

from conftest import BUILD, ROOT

CTL = os.path.join(BUILD, "src/winnowctl")
FILTERS = os.path.join(ROOT, "conf/filters")
ENGINES = ["jit", "interp", "reference"]
A, B = "192.0.2.1", "198.51.100.2"
COOKBOOK = sorted(f[:-2] for f in os.listdir(FILTERS) if f.endswith(".c"))


def at(packet, time):
    packet.time = time
    return packet


def ether(*layers, **fields):
    packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", **fields)
    for layer in layers:
        packet = packet / layer
    return packet


def run(name, work, packets, *args, consts=(), maps=(), dumps=(), section=None, engine="jit", write=None):
    """(verdicts, maps): the names of the verdicts in order, and entries of each map as [(key, value)]."""
    path = os.path.join(work, "in.pcap")
    wrpcap(path, packets, linktype=1)
    argv = [CTL, "run", os.path.join(FILTERS, name + ".o"), "-r", path, "--verdicts", "-j", "--engine", engine, *args]
    argv += [a for c in consts for a in ("--const", c)] + [a for d in dumps for a in ("--dump-map", d)]
    for i, (m, entries) in enumerate(maps):
        filled = os.path.join(work, f"map{i}")
        with open(filled, "w", encoding="ascii") as f:
            json.dump({"entries": [{"key": k, "value": v} for k, v in entries]}, f)
        argv += ["--map", f"{m}={filled}"]
    argv += ["--section", section] if section else []
    argv += ["-w", write] if write else []
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["packets"] == len(packets) and not any(answer["faults"].values())
    held = {m["map"]: [(e["key"], e["value"]) for e in m["entries"]] for m in answer["maps"]}
    return [v["verdict"] for v in answer["verdicts"]], held


@pytest.mark.parametrize("name", COOKBOOK)
def test_each_is_wholly_proved(name):
    done = subprocess.run([CTL, "check", "--strict", "-j", os.path.join(FILTERS, name + ".o")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert all(p["guarded"] == p["calls_checked"] == p["loops_fuelled"] == 0 for p in json.loads(done.stdout)["programs"])


@pytest.mark.parametrize("name", COOKBOOK)
def test_each_object_is_made_from_its_source(name, work):
    if subprocess.run(["clang-14", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("no clang-14")
    for f in os.listdir(FILTERS):
        if f == "make" or f == name + ".c":
            subprocess.run(["cp", os.path.join(FILTERS, f), work], check=True)
    subprocess.run([os.path.join(work, "make"), "./" + name + ".c"], check=True,
                   env={**os.environ, "WINNOW_INCLUDE": os.path.join(ROOT, "src/include")})
    code = [subprocess.run([CTL, "disasm", o, *(["--section", s] if s else [])], capture_output=True, text=True, check=True).stdout
            for s in (["dispatch", "on_ipv4"] if name == "dispatch" else [None])
            for o in (os.path.join(work, name + ".o"), os.path.join(FILTERS, name + ".o"))]
    assert code[::2] == code[1::2]


@pytest.mark.parametrize("name", COOKBOOK)
def test_each_takes_any_packet(name, work):
    """Cut at every byte, nothing faults."""
    whole = [bytes(p) for p in (ether(IP(src=A, dst=B, options=b"\x01" * 4), TCP(dport=80, flags="S")), ether(IPv6(), UDP(dport=53), DNS(qd=DNSQR(qname="a.b"))),
                                ether(Dot1Q(vlan=5), IP(src=A, dst=B), UDP(dport=53), DNS(qd=DNSQR(qname="x" * 60 + "." + "y" * 60))),
                                ether(ARP()), ether(IP(src=A, dst=B), ICMP()))]
    packets = [Raw(p[:n]) for p in whole for n in range(1, len(p) + 1)]
    for engine in ENGINES:
        run(name, work, packets, engine=engine, section="dispatch" if name == "dispatch" else None)


@pytest.mark.parametrize("engine", ENGINES)
def test_ratelimit(work, engine):
    """Ten at once, ten a second: of twenty at once ten pass, and after half a second five more."""
    v4 = [at(ether(IP(src=A, dst=B), UDP()), 1000 + i * 1e-6) for i in range(20)]
    other = [at(ether(IP(src=B, dst=A), UDP()), 1000.1)]
    later = [at(ether(IP(src=A, dst=B), UDP()), 1000.5 + i * 1e-6) for i in range(10)]
    v6 = [at(ether(IPv6(src="2001:db8::1"), UDP()), 1001 + i * 1e-6) for i in range(11)]
    arp = [at(ether(ARP()), 1002)]
    got, maps = run("ratelimit", work, v4 + other + later + v6 + arp, consts=["rate=10", "burst=10"], dumps=["buckets"], engine=engine)
    assert got == (["pass"] * 10 + ["drop"] * 10 + ["pass"] + ["pass"] * 5 + ["drop"] * 5 + ["pass"] * 10 + ["drop"] + ["pass"])
    counts = sorted((v["passed"], v["dropped"]) for _, v in maps["buckets"])
    assert counts == [(1, 0), (10, 1), (15, 15)]


@pytest.mark.parametrize("engine", ENGINES)
def test_blocklist(work, engine):
    packets = [ether(IP(src=s, dst=B), UDP()) for s in ("192.0.2.1", "192.0.3.1", "198.51.100.7", "198.51.100.8", "10.1.2.3", "10.9.9.9")]
    packets += [ether(IPv6(src=s), UDP()) for s in ("2001:db8::1", "2001:db9::1")] + [ether(ARP())]
    got, maps = run("blocklist", work, packets, engine=engine, dumps=["blocked4", "blocked6"], maps=[
        ("blocked4", [("192.0.2.0/24", {}), ("198.51.100.7", {}), ("10.0.0.0/8", {}), ("10.1.0.0/16", {"exempt": 1})]),
        ("blocked6", [("2001:db8::/32", {})])])
    assert got == ["drop", "pass", "drop", "pass", "pass", "drop", "drop", "pass", "pass"]
    counts = {k: v["packets"] for k, v in maps["blocked4"] + maps["blocked6"]}
    assert counts == {"192.0.2.0/24": 1, "198.51.100.7/32": 1, "10.0.0.0/8": 1, "10.1.0.0/16": 1, "2001:db8::/32": 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_synflood(work, engine):
    def syn(time, flags="S", **ip):
        return at(ether(IP(src=A, dst=B, **ip), TCP(dport=443, flags=flags)), time)
    packets = [syn(1000.1)] * 3 + [syn(1000.2, "SA"), syn(1000.3, "A"), syn(1000.4, frag=5)] + [syn(1001.0, options=b"\x01" * 8)] * 5
    packets += [at(ether(IPv6(dst="2001:db8::2"), TCP(dport=80, flags="S")), 1001.5)]
    got, maps = run("synflood", work, packets, dumps=["servers"], engine=engine)
    assert got == ["pass"] * len(packets)
    seen = {(k["family"], k["port"]): (v["all"], v["peak"], v["dropped"]) for k, v in maps["servers"]}
    assert seen == {(4, int.from_bytes((443).to_bytes(2, "big"), "little")): (8, 5, 0), (6, int.from_bytes((80).to_bytes(2, "big"), "little")): (1, 1, 0)}
    key = next(k for k, _ in maps["servers"] if k["family"] == 4)
    assert key["address"][3].to_bytes(4, "little") == ipaddress.ip_address(B).packed
    got, maps = run("synflood", work, packets, consts=["limit=2"], dumps=["servers"], engine=engine)
    assert got == ["pass", "pass", "drop", "pass", "pass", "pass", "pass", "pass", "drop", "drop", "drop", "pass"]


def query(name, **dns):
    return ether(IP(src=A, dst=B), UDP(sport=5000, dport=53), DNS(rd=1, qd=DNSQR(qname=name), **dns))


@pytest.mark.parametrize("engine", ENGINES)
def test_dnsblock(work, engine):
    long = ".".join(["x" * 60] * 3)
    blocked = ["example.com", "EXAMPLE.com", "www.example.com", "a.b.c.d.e.f.g.example.com", "tracker.test", long + ".example.com"]
    free = ["com", "example.org", "badexample.com", "example.com.org", "test", long]
    packets = [query(n) for n in blocked] + [query(n) for n in free]
    packets += [query("example.com", qr=1), ether(IP(src=A, dst=B), UDP(dport=5353), DNS(qd=DNSQR(qname="example.com"))),
                ether(IPv6(), UDP(dport=53), DNS(qd=DNSQR(qname="example.com"))), ether(IP(src=A, dst=B), UDP(dport=53), Raw(b"\0" * 12 + b"\xc0\x0c")), ether(ARP())]
    maps = [("names", [({"text": "example.com"}, 0), ({"text": "tracker.test"}, 7)])]
    expected = ["drop"] * len(blocked) + ["pass"] * len(free) + ["pass", "pass", "drop", "pass", "pass"]
    got, held = run("dnsblock", work, packets, maps=maps, dumps=["names"], engine=engine)
    assert got == expected
    assert {k["text"]: v for k, v in held["names"]} == {"example.com": 6, "tracker.test": 8}
    got, _ = run("dnsblock", work, packets, maps=maps, consts=["only=1"], engine=engine)
    assert got == ["pass" if e == "drop" else "drop" for e in expected]


@pytest.mark.parametrize("engine", ENGINES)
def test_protocols(work, engine):
    packets = [ether(IP(src=A, dst=B), UDP())] * 3 + [ether(IP(src=A, dst=B), TCP()), ether(IPv6(), UDP()), ether(ARP()), ether(Raw(b"x"), type=0x88CC)]
    got, maps = run("protocols", work, packets, dumps=["by_type", "by_protocol"], engine=engine)
    size = [len(bytes(p)) for p in packets]
    assert got == ["pass"] * len(packets)
    assert dict((k, (v["packets"], v["bytes"])) for k, v in maps["by_type"]) == {
        0x0800: (4, sum(size[:4])), 0x86DD: (1, size[4]), 0x0806: (1, size[5]), 0x88CC: (1, size[6])}
    assert dict((k, v["packets"]) for k, v in maps["by_protocol"]) == {6: 1, 17: 4}


def reread(path):
    return [Ether(data) for data, _ in RawPcapReader(path)]


@pytest.mark.parametrize("engine", ENGINES)
def test_reflector(work, engine):
    echo = ether(IP(src=A, dst=B, ttl=9), ICMP(type=8, id=7, seq=3), Raw(b"payload"))
    udp = ether(IP(src=A, dst=B, ttl=255), UDP(sport=1234, dport=7), Raw(b"hello"))
    others = [ether(IP(src=A, dst=B), ICMP(type=0)), ether(IP(src=A, dst=B), UDP(dport=8)), ether(IP(src=A, dst=B, flags="MF"), ICMP(type=8)),
              ether(IP(src=A, dst=B, options=b"\x01" * 4), ICMP(type=8)), ether(IPv6(), UDP(dport=7)), ether(ARP())]
    out = os.path.join(work, "out.pcapng")
    got, _ = run("reflector", work, [echo, udp, *others], engine=engine, write=out)
    assert got == ["tx", "tx"] + ["pass"] * len(others)
    first, second = reread(out)[:2]
    for before, after in ((echo, first), (udp, second)):
        assert (after.src, after.dst, after[IP].src, after[IP].dst, after[IP].ttl) == (before.dst, before.src, B, A, 64)
    assert first[ICMP].type == 0 and first[Raw].load == b"payload" and (second[UDP].sport, second[UDP].dport) == (7, 1234)
    for after in (first, second):
        again = Ether(bytes(after))
        del again[IP].chksum
        if ICMP in again:
            del again[ICMP].chksum
        else:
            del again[UDP].chksum
        assert bytes(again) == bytes(after)


@pytest.mark.parametrize("engine", ENGINES)
def test_vlanpop(work, engine):
    inner = [IP(src=A, dst=B), UDP(dport=9), Raw(b"payload of some length")]
    packets = [ether(Dot1Q(vlan=7, prio=5), *inner), ether(Dot1Q(vlan=8), *inner), ether(*inner), ether(Dot1Q(vlan=7), Dot1Q(vlan=9), *inner),
               ether(Dot1Q(vlan=9), Dot1Q(vlan=7), *inner), ether(Dot1Q(vlan=7), ARP())]
    out = os.path.join(work, "out.pcapng")
    got, maps = run("vlanpop", work, packets, consts=["vlan=7"], dumps=["seen"], engine=engine, write=out)
    assert got == ["ok", "shot", "shot", "ok", "shot", "ok"]
    assert dict(maps["seen"]) == {7: 3, 8: 1, 9: 1}
    first, second, third = reread(out)
    assert bytes(first) == bytes(ether(*inner)) and bytes(third)[12:14] == b"\x08\x06" and len(bytes(third)) == len(bytes(packets[5])) - 4
    # The kernel puts the tag that comes next beside the packet (vlan_tci), and the bytes are without it.
    assert bytes(second) == bytes(ether(*inner))
    assert run("vlanpop", work, packets, consts=["vlan=7", "others=1"], engine=engine)[0] == ["ok"] * 6


@pytest.mark.parametrize("engine", ENGINES)
def test_dispatch(work, engine):
    packets = [ether(ARP()), ether(IP(src=A, dst=B, ttl=2)), ether(IP(src=A, dst=B, ttl=1)), ether(IPv6(hlim=64)), ether(IPv6(hlim=1)), ether(Raw(b"x"), type=0x88CC)]
    got, maps = run("dispatch", work, packets, section="dispatch", dumps=["seen"], engine=engine)
    assert got == ["pass", "pass", "drop", "pass", "drop", "drop"]
    assert dict(maps["seen"]) == {0: 1, 1: 2, 2: 2, 3: 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_sampler(work, engine):
    """What is in the ring: test_maps.py. Nobody reads it here, and packets do not wait."""
    packets = [ether(IP(src=A, dst=B), UDP(), Raw(b"x" * (i % 300))) for i in range(3000)]
    assert run("sampler", work, packets[:100], consts=["every=1"], dumps=[".bss"], engine=engine)[1][".bss"][0][1] == {"dropped": 0}
    got, maps = run("sampler", work, packets, consts=["every=1"], dumps=[".bss"], engine=engine)
    assert got == ["pass"] * 3000
    assert 1200 < maps[".bss"][0][1]["dropped"] < 1800 # 160 bytes each into 256 KiB
    assert run("sampler", work, packets, consts=["every=10"], dumps=[".bss"], engine=engine)[1][".bss"][0][1] == {"dropped": 0}


@pytest.mark.parametrize("engine", ENGINES)
def test_heavy(work, engine):
    big = [ether(IP(src=A, dst=B), UDP(sport=1, dport=2), Raw(b"x" * 958))] * 10
    small = [ether(IP(src=f"10.0.{i >> 8}.{i & 255}", dst=B), TCP(sport=i)) for i in range(500)]
    got, maps = run("heavy", work, big + small, consts=["threshold=10000"], dumps=["flows"], engine=engine)
    assert got == ["pass"] * 510 and len(maps["flows"]) == 1
    key, value = maps["flows"][0]
    # Never less than it was, and hardly more.
    assert key["from"].to_bytes(4, "little") == ipaddress.ip_address(A).packed and 10000 <= value < 10000 + 500 * 54
