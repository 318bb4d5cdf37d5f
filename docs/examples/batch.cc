/* SPDX-License-Identifier: MIT */
/*
 * A filter that clang compiled, over packets in memory, in one call:
 *
 *     c++ -std=c++17 batch.cc $(pkg-config --cflags --libs winnow) -o batch
 *     ./batch https.o
 */
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <winnow/object.h>
#include <winnow/prog.h>

namespace
{

struct Free {
    void operator()(wn_object *obj) const
    {
        wn_object_free(obj);
    }
    void operator()(wn_prog *prog) const
    {
        wn_prog_free(prog);
    }
    void operator()(wn_run *run) const
    {
        wn_run_free(run);
    }
};
template <typename T> using Owned = std::unique_ptr<T, Free>;

Owned<wn_prog> load(const char *path)
{
    wn_error err{};
    wn_object *obj = nullptr;
    wn_prog *prog = nullptr;
    if (wn_object_load(path, &obj, &err))
        throw std::runtime_error(err.text);
    Owned<wn_object> owned(obj); // the program outlives it
    if (wn_prog_load(obj, nullptr, nullptr, &prog, &err))
        throw std::runtime_error("slot " + std::to_string(err.at) + ": " + err.text);
    return Owned<wn_prog>(prog);
}

/// An Ethernet frame with IPv4 and the ports of TCP or UDP.
std::vector<uint8_t> frame(uint8_t protocol, uint16_t from, uint16_t to)
{
    std::vector<uint8_t> f(60);
    f[12] = 0x08;
    f[14] = 0x45;
    f[23] = protocol;
    f[34] = static_cast<uint8_t>(from >> 8);
    f[35] = static_cast<uint8_t>(from);
    f[36] = static_cast<uint8_t>(to >> 8);
    f[37] = static_cast<uint8_t>(to);
    return f;
}

void filter(const wn_prog &prog)
{
    const std::array frames{frame(6, 50000, 443), frame(6, 443, 50000), frame(17, 50000, 443),
                            frame(6, 50000, 80), frame(1, 443, 443)};
    std::array<wn_packet, frames.size()> packets{};
    std::array<wn_result, frames.size()> results{};
    for (size_t i = 0; i < frames.size(); i++) {
        packets[i].data = frames[i].data();
        packets[i].caplen = packets[i].wirelen = static_cast<uint32_t>(frames[i].size());
    }
    Owned<wn_run> run(wn_run_new());
    if (!run)
        throw std::bad_alloc();
    wn_prog_run_batch(&prog, run.get(), packets.data(), packets.size(), results.data());
    size_t accepted = 0;
    for (const auto &r : results) {
        accepted += r.value != 0;
        std::printf("%s ", r.fault   ? wn_fault_name(static_cast<wn_fault>(r.fault))
                           : r.value ? "yes"
                                     : "no");
    }
    std::printf("(%zu of %zu)\n", accepted, results.size());
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: batch OBJECT\n");
        return 2;
    }
    try {
        filter(*load(argv[1]));
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s: %s\n", argv[1], e.what());
        return 1;
    }
    return 0;
}
