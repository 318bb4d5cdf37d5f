# SPDX-License-Identifier: MIT
"""A real systemd on a copy of this machine: an overlay over /, booted by systemd-nspawn in a network
namespace of its own, thrown away afterwards. Needs root; no virtual machine, no image.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import time


def why_not():
    """What keeps a boot from working here; None if nothing does."""
    if os.geteuid() != 0:
        return "booting a systemd needs root"
    for tool in ("systemd-nspawn", "nsenter", "ip", "mount"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    if not os.listdir("/sys/fs/cgroup"):
        return "/sys/fs/cgroup is not mounted"
    return None


def run(*args, check=True, **kwargs):
    return subprocess.run(args, check=check, capture_output=True, text=True, **kwargs)


class Machine:
    """with Machine(tree) as m: m.sh("systemctl status winnowd")

    tree   directory copied over the root, as `meson install` with DESTDIR leaves it; None copies nothing
    """

    def __init__(self, tree=None):
        self.tree = tree
        self.tag = f"wn-boot-{os.getpid()}"
        self.netns = self.tag
        self.base = None
        self.process = None
        self.leader = None

    def __enter__(self):
        self.base = tempfile.mkdtemp(prefix="winnow-boot-")
        try:
            self._mount()
            self._boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _mount(self):
        run("mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", self.base)
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(self.base, name))
        self.root = os.path.join(self.base, "root")
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir=/,upperdir={self.base}/upper,workdir={self.base}/work", self.root)
        etc = os.path.join(self.root, "etc")
        system = os.path.join(etc, "systemd/system")
        for name in os.listdir(system):
            if name.endswith(".wants"):
                shutil.rmtree(os.path.join(system, name))
        target = os.path.join(system, "default.target")
        if os.path.lexists(target):
            os.unlink(target)
        os.symlink("/lib/systemd/system/basic.target", target)
        with open(os.path.join(etc, "machine-id"), "w", encoding="ascii") as f:
            f.write("0123456789abcdef0123456789abcdef\n")
        if self.tree:
            # Its top is somebody's private directory, and the copy's must not become one.
            os.chmod(self.tree, 0o755)
            run("cp", "-a", self.tree + "/.", self.root)

    def _boot(self):
        run("ip", "netns", "add", self.netns)
        self.log = open(os.path.join(self.base, "console.log"), "wb")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "-D", self.root, "--register=no", "--keep-unit", "--boot", "--quiet",
             f"--machine={self.tag}", f"--network-namespace-path=/run/netns/{self.netns}", "--capability=all",
             "--system-call-filter=bpf perf_event_open", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.leader = self._leader()
            if self.leader and self.sh("systemctl is-active basic.target", check=False).stdout.strip() == "active":
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("no systemd came up:\n" + self.console())

    def _leader(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(path, encoding="ascii") as f:
                children = f.read().split()
        except FileNotFoundError:
            return None
        return int(children[0]) if children else None

    def console(self):
        with open(os.path.join(self.base, "console.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def sh(self, command, check=True):
        """Run a shell command inside; its result, with stdout and stderr as text."""
        done = run("nsenter", "-t", str(self.leader), "-a", "-r", "-w", "--", "/bin/sh", "-c", command, check=False)
        if check and done.returncode:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def net(self, command):
        """Run a shell command outside, in the machine's network."""
        return run("ip", "netns", "exec", self.netns, "/bin/sh", "-c", command)

    def path(self, inside):
        """A path inside as seen from outside."""
        return os.path.join(self.root, inside.lstrip("/"))

    def wait(self, command, text, seconds=10):
        """Until a command's output has `text` in it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            out = self.sh(command, check=False).stdout
            if text in out:
                return out
            time.sleep(0.05)
        raise AssertionError(f"{command}: no {text!r} within {seconds} s; last: {out!r}")

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            if self.leader:
                os.kill(self.leader, signal.SIGRTMIN + 4)  # systemd: poweroff.target
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.log.close()
        run("ip", "netns", "del", self.netns, check=False)
        run("umount", os.path.join(self.base, "root"), check=False)
        run("umount", self.base, check=False)
        os.rmdir(self.base)
