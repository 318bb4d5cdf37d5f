/* SPDX-License-Identifier: MIT */
/** tcpdump expressions. */
#pragma once

#include <stddef.h>

#include <winnow/err.h>
#include <winnow/insn.h>

#define EXPR_MAX_BYTES      (64u << 10)
#define EXPR_MAX_TERMS      1000u  /* joined by and, or */
#define EXPR_OPTIMISE_TERMS 50u    /* beyond, libpcap's optimiser takes seconds, then minutes */
#define EXPR_KEEP           262144 /* bytes an accepted packet keeps: all that libpcap captures */

/**
 * Compile a tcpdump expression (pcap-filter(7)) to slots for a raw packet. They
 * return EXPR_KEEP for a match and 0 for none.
 *
 * Asks no name server: names of hosts and nets are refused, also those in
 * /etc/hosts; names of ports and protocols are looked up in the system's files.
 *
 * text       "" matches everything
 * linktype   a DLT_ number of pcap/dlt.h, as pcap_datalink() gives it, of the
 *            bytes the program will see
 * out        set on success alone: *count slots, which the caller frees with free()
 *
 * Returns 0, WN_E_SYNTAX (a host's name, or libpcap's own words),
 * WN_E_LIMIT (over EXPR_MAX_BYTES or EXPR_MAX_TERMS), WN_E_UNSUPPORTED or -ENOMEM.
 */
int expr_compile(const char *text, int linktype, struct wn_slot **out, size_t *count,
                 struct wn_error *err);
