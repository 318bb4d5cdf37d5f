# SPDX-License-Identifier: MIT
"""What the verifier says to people: winnowctl check and inspect, winnowd's verify = strict, and the diagnostics of both."""
import json
import os
import re
import subprocess

import pytest

from conftest import BUILD, ROOT, WINNOWD

CTL = os.path.join(BUILD, "src/winnowctl")
SAMPLE = os.path.join(ROOT, "conf/sample.pcap")
TOOLS = os.path.join(ROOT, "tests/e2e/tools.o")
KERNEL = os.path.join(ROOT, "tests/elf/load/kernel.14.o")
COUNTS = {"accesses": "guarded", "calls": "calls_checked", "loops": "loops_fuelled"}


def check(*args, **kwargs):
    return subprocess.run([CTL, "check", *args], capture_output=True, text=True, check=False, **kwargs)


def checked(*args):
    done = check("-j", *args)
    answer = json.loads(done.stdout)
    assert not done.stderr and done.returncode == (0 if answer["ok"] else 1)
    assert answer["ok"] == (not answer["diagnostics"]) == (bool(answer["programs"]) and all(p["ok"] for p in answer["programs"]))
    return answer


def file(work, name, text):
    path = os.path.join(work, name)
    with open(path, "wb" if isinstance(text, bytes) else "w") as f:
        f.write(text)
    return path


@pytest.fixture
def far(work):
    """Reads a byte that no way there has compared a length with."""
    return file(work, "far.s", "r0 = *(u8 *)(r1 + 80)\nexit\n")


def line_of(text):
    with open(os.path.join(ROOT, "tests/e2e/tools.c"), encoding="ascii") as f:
        return 1 + [i for i, line in enumerate(f) if text in line][0]


# ---- one program

def test_the_screen_says_what_the_json_says():
    p = checked(TOOLS, "--section", "count")["programs"][0]
    lines = check(TOOLS, "--section", "count").stdout.splitlines()
    assert lines[0] == f"accepted: {p['slots']} slots, {p['functions']} function"
    rows = {line.split()[0]: line.split(None, 1)[1] for line in lines[1:] if line.startswith("  ")}
    words = {"accesses": ("proved", "guarded"), "calls": ("proved", "checked"), "loops": ("bounded", "fuelled")}
    for name, rest in COUNTS.items():
        n, bad = p[name], p[rest]
        good, worse = words[name]
        assert rows[name] == "none" if n == 0 else (
            f"{n}: {n - bad} {good} ({100 * (n - bad) / n:.1f} %), {bad} {worse} ({100 * bad / n:.1f} %)")
    assert p["accesses"] > p["guarded"]
    assert rows["packets"] == ("in place" if p["in_place"] else "copied before each run")
    assert rows["stack"] == f"{p['stack_bytes']} bytes, {p['stack_cleared']} cleared before each run"
    assert re.fullmatch(r"[\d.]+ us, [\d ]+ steps?, [\d ]+ states?, .*B", rows["verifier"])
    assert rows["engine"].startswith(p["engine"] + ": ")


def test_an_object_has_its_programs_name_section_and_type():
    p = checked(TOOLS, "--section", "xdp/far")["programs"]
    assert [(q["name"], q["section"], q["type"], q["verify"]) for q in p] == [("far", "xdp/far", "xdp", "guard")]
    p = checked("tcp port 80")["programs"]
    assert [(q["name"], q["section"], q["type"]) for q in p] == [(None, None, "filter")] and p[0]["in_place"]


def test_quiet_says_nothing_of_what_is_good(work):
    assert not check("-q", TOOLS).stdout
    done = check("-q", "--log", file(work, "bad.s", "r0 = 0\ngoto +7\n"))
    assert not done.stdout and "P110" in done.stderr and done.returncode == 1


def test_every_guard_has_its_reason(far):
    p = checked(far)["programs"][0]
    assert (p["accesses"], p["guarded"], len(p["unproved"])) == (1, 1, 1)
    why = p["unproved"][0]
    assert (why["slot"], why["instruction"], why["source"], why["source_text"]) == (0, "r0 = *(u8 *)(r1 + 80)", None, None)
    lines = check(far).stdout.splitlines()
    at = lines.index(f"{far}: insn 0: {why['reason']}")
    assert lines[at - 1] == "" and lines[at + 1] == "    0: r0 = *(u8 *)(r1 + 80)"
    assert lines[at + 2:] == ([f"    hint: {why['hint']}"] if why["hint"] else [])


def test_reasons_name_the_line_of_an_object():
    p = checked(TOOLS, "--section", "far")["programs"][0]
    source = f"tools.c:{line_of('data[1000]')}"
    why = [w for w in p["unproved"] if w["source"] == source]
    assert len(why) == 1 and why[0]["instruction"] == "r1 = *(u8 *)(r1 + 1000)" and "data[1000]" in why[0]["source_text"]
    text = check(TOOLS, "--section", "far").stdout
    assert f"\n{source}: insn {why[0]['slot']}: {why[0]['reason']}\n    {why[0]['slot']}: r1 = *(u8 *)(r1 + 1000)    ; " in text


def test_a_screen_holds_five_reasons_and_all_gives_the_rest(work):
    path = file(work, "many.s", "".join(f"r0 = *(u8 *)(r1 + {80 + i})\n" for i in range(9)) + "exit\n")
    assert len(checked(path)["programs"][0]["unproved"]) == 9 == check("--all", path).stdout.count("insn ")
    done = check(path)
    assert done.stdout.count("insn ") == 5 and done.stdout.endswith("and 4 more; --all shows them\n")


def test_the_log_comes_before_the_verdict(far):
    lines = check("--log", far).stdout.splitlines()
    assert lines.index("accepted: 2 slots, 1 function") > 0
    assert checked("--log", far)["programs"][0]["log"] == lines[:lines.index("accepted: 2 slots, 1 function")]
    assert checked(far)["programs"][0]["log"] is None


def test_strict_rejects_what_would_be_guarded(far):
    assert check("--strict", "tcp port 80").returncode == 0
    done = check("--strict", far)
    assert done.returncode == 1 and done.stdout == "rejected\n"
    first = done.stderr.splitlines()
    assert first[0].startswith(f"{far}: error[P110]: verifier: insn 0: ") and first[1] == "    0: r0 = *(u8 *)(r1 + 80)"
    p = checked("--strict", far)["programs"][0]
    assert p["verify"] == "strict" and p["refused"] and p["slots"] is None and p["unproved"] == []


# ---- a rejection

def test_a_rejection_shows_slot_and_text(work):
    path = file(work, "bad.s", "r0 = 0x1122334455 ll\ngoto +7\nexit\n")
    done = check(path)
    assert done.returncode == 1 and done.stdout == "rejected\n"
    assert done.stderr == f"{path}: error[P110]: verifier: insn 2: jump leads out of the program\n    2: goto +7\n    hint: it has slots 0 to 3\n"
    d = checked(path)["diagnostics"][0]
    assert (d["code"], d["file"], d["slot"], d["instruction"], d["source"], d["hint"]) == ("P110", path, 2, "goto +7", None, "it has slots 0 to 3")
    # From a pipe it is the same: nothing is read twice.
    with open(path, "rb") as f:
        assembled = subprocess.run([CTL, "asm", "-o", "-", "-"], stdin=f, capture_output=True, check=True).stdout
    again = subprocess.run([CTL, "check", "-"], input=assembled, capture_output=True, check=False)
    assert again.stderr.decode() == done.stderr.replace(path, "-")


def test_a_hint_has_a_line_of_its_own(work):
    path = file(work, "end.s", "r0 = 0\nr0 += 1\n")
    assert re.fullmatch(re.escape(path) + r": error\[P110\]: verifier: insn 1: [^;\n]+\n    1: r0 \+= 1\n    hint: [^\n]+\n",
                        check(path).stderr)


def test_a_rejection_of_an_object_names_the_line():
    done = check(KERNEL, "--section", "calls")
    assert re.fullmatch(re.escape(KERNEL) + r": error\[P105\]: insn 0: helper 14 [^\n]*\n"
                        r"    0: call 14    ; kernel\.c:62  return [^\n]*\n    hint: [^\n]*\n", done.stderr)


def test_daemon_and_client_say_the_same(work):
    path = file(work, "bad.s", "r0 = 0\ngoto +7\nexit\n")
    offline = subprocess.run([WINNOWD, "-r", SAMPLE, "-F", path], capture_output=True, text=True, check=False)
    assert offline.returncode == 65 and offline.stderr == check(path).stderr
    conf = file(work, "w.conf", f"[control]\nsocket = none\n[filter f]\nprogram = {path}\n[interface lo]\nfilter = f\n")
    done = subprocess.run([WINNOWD, "--check", "--config", conf], capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert done.stderr.startswith(check(path).stderr.replace("verifier:", "[filter f] program: verifier:"))
    done = subprocess.run([WINNOWD, "--check", "--json", "--config", conf], capture_output=True, text=True, check=False)
    ours, theirs = checked(path)["diagnostics"][0], json.loads(done.stdout)["errors"][0]
    assert {**ours, "section": "filter f", "key": "program"} == theirs


@pytest.mark.parametrize("args, status, code", [(["tcp prt 80"], 1, "P130"), (["/nonexistent.o"], 1, "P100"), ([WINNOWD], 1, "P101"),
                                                ([TOOLS, "--section", "nope"], 1, "P102"),
                                                ([TOOLS, "--const", "mode=LOUD", "--section", "count"], 1, "P107")])
def test_what_is_no_program_gets_no_verdict(args, status, code):
    done = check(*args)
    assert done.returncode == status and code in done.stderr and not done.stdout
    answer = checked(*args)
    assert answer["programs"] == [] and answer["diagnostics"][0]["code"] == code


def test_an_objects_text_does_not_steer_the_terminal(work):
    with open(KERNEL, "rb") as f:
        data = f.read()
    line = b"return ((long (*)(void *))14)(context);"
    assert line in data
    done = check(file(work, "evil.o", data.replace(line, line[:-4] + b"\x1b[2J")), "--section", "calls")
    assert "?[2J" in done.stderr and "\x1b" not in done.stderr
    latin = file(work, "latin.o", data.replace(line, line[:-2] + b"\xe9;"))
    assert "?;" in checked(latin, "--section", "calls")["diagnostics"][0]["source_text"]


# ---- several programs

def test_all_programs_of_an_object_are_checked():
    done, answer = check(TOOLS), checked(TOOLS)
    assert [p["name"] for p in answer["programs"]] == ["count", "shoot", "half", "far"] and done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    for p, line in zip(answer["programs"], lines):
        assert re.match(rf"{p['name']} +accepted: {p['slots']} slots, 1 function, {p['accesses']} access(es)? \({p['guarded']} guarded\)", line)
        alone = checked(TOOLS, "--section", p["name"])["programs"][0]
        assert {k: v for k, v in p.items() if k != "verify_ns"} == {k: v for k, v in alone.items() if k != "verify_ns"}
    assert check(TOOLS, "--all").stdout.count("\n  verifier ") == 4


def test_variables_are_set_for_all_of_them():
    assert check(TOOLS, "--const", "mode=REFUSE").returncode == 0
    done = check(TOOLS, "--const", "mode=LOUD")
    assert done.returncode == 1 and done.stderr.count("P107") == 4


def test_one_rejected_program_is_a_no():
    done, answer = check(os.path.join(ROOT, "tests/elf/load/weak.14.o")), checked(os.path.join(ROOT, "tests/elf/load/weak.14.o"))
    assert [(p["name"], p["ok"]) for p in answer["programs"]] == [("weak", True), ("config", False), ("symbol", False)]
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["weak", "accepted:"], ["config", "rejected"], ["symbol", "rejected"]]
    assert re.findall(r"error\[P105\]: (\w+): ", done.stderr) == ["config", "symbol"]


# ---- inspect and the daemon

def test_inspect_says_what_is_proved():
    done = subprocess.run([CTL, "inspect", "-j", TOOLS], capture_output=True, text=True, check=True)
    programs = checked(TOOLS)["programs"]
    for shown, p in zip(json.loads(done.stdout)["programs"], programs, strict=True):
        assert {k: shown[k] for k in [*COUNTS, *COUNTS.values(), "in_place"]} == {
            k: p[k] for k in [*COUNTS, *COUNTS.values(), "in_place"]}
    text = subprocess.run([CTL, "inspect", TOOLS], capture_output=True, text=True, check=True).stdout
    for p in programs:
        assert f"    accesses: {p['accesses'] - p['guarded']} proved, {p['guarded']} guarded" in text
    done = subprocess.run([CTL, "inspect", "-j", KERNEL], capture_output=True, text=True, check=True)
    assert all((p["refused"] and p["accesses"] is None) != (p["name"] == "nested") for p in json.loads(done.stdout)["programs"])


def test_verbose_says_how_much_is_guarded(far):
    done = subprocess.run([WINNOWD, "-r", SAMPLE, "-F", far, "-v"], capture_output=True, text=True, check=False)
    assert "2 slots, 1 of 1 accesses guarded, 0 of 0 loops fuelled" in done.stderr


def test_strict_takes_what_is_proved(work):
    path = file(work, "all.s", "r0 = 0\nif r2 < 14 goto out\nr0 = *(u16 *)(r1 + 12)\nout: exit\n")
    done = subprocess.run([WINNOWD, "-r", SAMPLE, "-F", path, "--verify", "strict"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    done = subprocess.run([WINNOWD, "-r", SAMPLE, "--verify", "strict", "tcp port 443"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert check("--strict", path).returncode == 0


def test_the_daemon_rejects_strictly(work, far):
    ours = check("--strict", far).stderr
    done = subprocess.run([WINNOWD, "-r", SAMPLE, "-F", far, "--verify", "strict"], capture_output=True, text=True, check=False)
    assert done.returncode == 65 and done.stderr == ours != ""
    for verify, status in (("guard", 0), ("strict", 78)):
        conf = file(work, "w.conf", f"[control]\nsocket = none\n[filter f]\nprogram = {far}\nverify = {verify}\n[interface lo]\nfilter = f\n")
        done = subprocess.run([WINNOWD, "--check", "--config", conf], capture_output=True, text=True, check=False)
        assert done.returncode == status and ("error[P110]" in done.stderr) == bool(status)
