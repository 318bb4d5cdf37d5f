# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: MIT
# Sourced by demo and run: packages, build directory. Defines `need`, `configure`, `say`, `show`.

set -eu
cd "$(dirname "$0")/.."
root=$PWD
build=$root/build
export LC_ALL=C.UTF-8

build_needs='gcc libc6-dev meson ninja-build pkg-config libpcap-dev libevent-dev libinih-dev libjansson-dev libmd-dev'
demo_needs='iproute2'
test_needs='g++ clang clang-14 llvm-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 clang-19 llvm-19
    libbpf-dev libcmocka-dev linux-libc-dev python3 python3-pytest python3-scapy scdoc mandoc shellcheck git binutils
    tcpdump tshark iproute2 util-linux systemd systemd-container socat'

# Other processors: without these, the tests under qemu are skipped.
cross_needs='gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static'

say() {
    printf '\n== %s\n' "$*"
}

# Echo a command as a user would type it, then run it.
show() {
    line=
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./=:%+-]*) line="$line '$word'" ;;
        *) line="$line $word" ;;
        esac
    done
    printf '\n$%s\n' "$line"
    "$@"
}

# Install what is missing of the packages named; touches nothing if all are there.
need() {
    missing=
    for p in "$@"; do
        dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
    done
    [ -n "$missing" ] || return 0
    echo "Debian packages to install:$missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "root is needed for that. As root: apt-get install$missing"
            exit 1
        }
        as_root=sudo
    fi
    log=$(mktemp)
    # shellcheck disable=SC2086
    if $as_root apt-get update >"$log" 2>&1 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 20 "$log"
        echo "apt-get failed; the whole of what it said is in $log"
        exit 1
    fi
}

# configure DIR OPTIONS...: a build directory, made or brought up to date.
configure() {
    dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then
        meson configure "$dir" "$@" >/dev/null
    else
        meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
            cat "$dir.log"
            exit 1
        }
        rm -f "$dir.log"
    fi
}
