/* SPDX-License-Identifier: MIT */
#include "common/expr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <pcap/pcap.h>

#include <winnow/text.h>

#include "common/own.h"

/*
 * libpcap asks the resolver about every word it does not know that stands where
 * a host or net may stand, and there is no switch against it. So every word is
 * looked at before libpcap sees the text, by libpcap's own rules: a word must
 * be a keyword, a number or an address, or stand where only a name of a port or
 * of a protocol may stand, which are looked up in files. Anything else is
 * refused, though libpcap might know another use of it: refusing too much is an
 * error the user sees, refusing too little asks a stranger.
 */

/** What a word that is neither keyword, number nor address is, by what stands before it. */
enum expects {
    EXPECTS_HOST, /* a host or a net */
    EXPECTS_NAME, /* of ports or protocols, until the next keyword: `port http or https` */
    EXPECTS_WORD, /* one that belongs to the keyword: `llc xid` */
};

/* Keywords after which names are harmless. */
static const char *const name_keywords[] = {"port", "portrange", "proto", "protochain"};

static const char *const word_keywords[] = {
    "type",   "subtype", "direction", "dir",    "llc",    "on",
    "ifname", "rset",    "ruleset",   "reason", "action",
};

/* All other words that are no names (scanner.l of libpcap 1.10). */
static const char *const keywords[] = {
    "dst",
    "src",
    "link",
    "ether",
    "ppp",
    "slip",
    "fddi",
    "tr",
    "wlan",
    "arp",
    "rarp",
    "ip",
    "sctp",
    "tcp",
    "udp",
    "icmp",
    "igmp",
    "igrp",
    "pim",
    "vrrp",
    "carp",
    "radio",
    "ip6",
    "icmp6",
    "ah",
    "esp",
    "atalk",
    "aarp",
    "decnet",
    "lat",
    "sca",
    "moprc",
    "mopdl",
    "iso",
    "esis",
    "es-is",
    "isis",
    "is-is",
    "l1",
    "l2",
    "iih",
    "lsp",
    "snp",
    "csnp",
    "psnp",
    "clnp",
    "stp",
    "ipx",
    "netbeui",
    "host",
    "net",
    "mask",
    "gateway",
    "address1",
    "addr1",
    "address2",
    "addr2",
    "address3",
    "addr3",
    "address4",
    "addr4",
    "ra",
    "ta",
    "less",
    "greater",
    "byte",
    "broadcast",
    "multicast",
    "len",
    "length",
    "inbound",
    "outbound",
    "ifindex",
    "vlan",
    "mpls",
    "pppoed",
    "pppoes",
    "geneve",
    "lane",
    "metac",
    "bcc",
    "oam",
    "oamf4",
    "oamf4ec",
    "oamf4sc",
    "sc",
    "ilmic",
    "vpi",
    "vci",
    "connectmsg",
    "metaconnect",
    "rnr",
    "rulenum",
    "srnr",
    "subrulenum",
    "fisu",
    "lssu",
    "lsu",
    "msu",
    "hfisu",
    "hlssu",
    "hmsu",
    "sio",
    "opc",
    "dpc",
    "sls",
    "hsio",
    "hopc",
    "hdpc",
    "hsls",
    /* constants */
    "icmptype",
    "icmpcode",
    "icmp-echoreply",
    "icmp-unreach",
    "icmp-sourcequench",
    "icmp-redirect",
    "icmp-echo",
    "icmp-routeradvert",
    "icmp-routersolicit",
    "icmp-timxceed",
    "icmp-paramprob",
    "icmp-tstamp",
    "icmp-tstampreply",
    "icmp-ireq",
    "icmp-ireqreply",
    "icmp-maskreq",
    "icmp-maskreply",
    "icmp6type",
    "icmp6code",
    "icmp6-destinationunreach",
    "icmp6-packettoobig",
    "icmp6-timeexceeded",
    "icmp6-parameterproblem",
    "icmp6-echo",
    "icmp6-echoreply",
    "icmp6-multicastlistenerquery",
    "icmp6-multicastlistenerreportv1",
    "icmp6-multicastlistenerdone",
    "icmp6-routersolicit",
    "icmp6-routeradvert",
    "icmp6-neighborsolicit",
    "icmp6-neighboradvert",
    "icmp6-redirect",
    "icmp6-routerrenum",
    "icmp6-nodeinformationquery",
    "icmp6-nodeinformationresponse",
    "icmp6-ineighbordiscoverysolicit",
    "icmp6-ineighbordiscoveryadvert",
    "icmp6-multicastlistenerreportv2",
    "icmp6-homeagentdiscoveryrequest",
    "icmp6-homeagentdiscoveryreply",
    "icmp6-mobileprefixsolicit",
    "icmp6-mobileprefixadvert",
    "icmp6-certpathsolicit",
    "icmp6-certpathadvert",
    "icmp6-multicastrouteradvert",
    "icmp6-multicastroutersolicit",
    "icmp6-multicastrouterterm",
    "tcpflags",
    "tcp-fin",
    "tcp-syn",
    "tcp-rst",
    "tcp-push",
    "tcp-ack",
    "tcp-urg",
    "tcp-ece",
    "tcp-cwr",
};

/** A stretch of the text; not terminated. */
struct word {
    const char *at;
    size_t len;
};

struct scanner {
    enum expects expects;
    unsigned terms;
};

static bool word_is(struct word w, const char *text)
{
    return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

static bool word_in(struct word w, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (word_is(w, list[i]))
            return true;
    return false;
}

#define WORD_IN(w, list) word_in(w, list, sizeof(list) / sizeof *(list))

/** Numbers of one base, `groups` of them at least and at most, up to `digits` long each. */
static bool is_groups(struct word w, char separator, unsigned least, unsigned most, unsigned digits)
{
    unsigned groups = 1, run = 0;
    for (size_t i = 0; i < w.len; i++) {
        unsigned char c = (unsigned char)w.at[i];
        if (c == (unsigned char)separator && run > 0) {
            groups++;
            run = 0;
        } else if (!isxdigit(c) || ++run > digits) {
            return false;
        }
    }
    return run > 0 && groups >= least && groups <= most;
}

static bool is_number(struct word w)
{
    if (w.len > 2 && w.at[0] == '0' && (w.at[1] == 'x' || w.at[1] == 'X')) {
        for (size_t i = 2; i < w.len; i++)
            if (!isxdigit((unsigned char)w.at[i]))
                return false;
        return true;
    }
    for (size_t i = 0; i < w.len; i++)
        if (!isdigit((unsigned char)w.at[i]))
            return false;
    return w.len > 0;
}

/** Up to four numbers with dots: a host, or a net as in `net 10.1`. */
static bool is_ipv4(struct word w)
{
    unsigned groups = 0;
    while (groups < 4) {
        const char *dot = memchr(w.at, '.', w.len);
        struct word number = {w.at, dot ? (size_t)(dot - w.at) : w.len};
        if (!is_number(number))
            return false;
        groups++;
        if (!dot)
            return true;
        w.len -= number.len + 1;
        w.at = dot + 1;
    }
    return false;
}

static bool is_mac(struct word w)
{
    return is_groups(w, ':', 6, 6, 2) || is_groups(w, '-', 6, 6, 2) || is_groups(w, '.', 6, 6, 2) ||
           (w.len == 14 && is_groups(w, '.', 3, 3, 4)) ||
           (w.len == 12 && is_groups(w, 0, 1, 1, 12));
}

static bool is_ipv6(struct word w)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;
    if (w.len >= sizeof text)
        return false;
    memcpy(text, w.at, w.len);
    text[w.len] = '\0';
    return inet_pton(AF_INET6, text, &addr) == 1;
}

static int refuse(struct word w, struct wn_error *err)
{
    int len = w.len > 60 ? 60 : (int)w.len;
    if (memchr(w.at, '-', w.len))
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE,
                       "'%.*s' is read as the name of a host: write its address, or spaces "
                       "around a minus",
                       len, w.at);
    return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE,
                   "'%.*s' is no keyword, and names of hosts and nets are not looked up: "
                   "write the address",
                   len, w.at);
}

enum token {
    TOKEN_END,
    TOKEN_SPACE,
    TOKEN_OPERATOR, /* one character of one */
    TOKEN_JOIN,     /* && or || */
    TOKEN_ADDRESS,
    TOKEN_WORD,
    TOKEN_ESCAPED, /* a word after a backslash: never a keyword */
};

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/** A word as libpcap cuts it: names end in a letter, a digit or a dot. */
static size_t word_length(const char *at)
{
    size_t len = 0;
    while (in_word(at[len]))
        len++;
    while (len > 1 && (at[len - 1] == '-' || at[len - 1] == '_'))
        len--;
    return len;
}

/** The next token, behind which *p moves. */
static enum token next_token(const char **p, struct word *w)
{
    const char *at = *p;
    enum token token = TOKEN_OPERATOR;
    /* Where this is no address, a colon separates, as in `ip[2:2]`. */
    *w = (struct word){at, strspn(at, "0123456789abcdefABCDEF:.")};
    if (!*at) {
        w->len = 0;
        return TOKEN_END;
    } else if (memchr(at, ':', w->len) && (is_ipv6(*w) || is_mac(*w))) {
        token = TOKEN_ADDRESS;
    } else if (isalnum((unsigned char)*at)) {
        w->len = word_length(at);
        token = is_number(*w) || is_ipv4(*w) || is_mac(*w) ? TOKEN_ADDRESS : TOKEN_WORD;
    } else if (*at == '\\') {
        *w = (struct word){at + 1, strcspn(at + 1, " !()\n\t")};
        *p = w->at + w->len;
        return TOKEN_ESCAPED;
    } else {
        bool join = (at[0] == '&' || at[0] == '|') && at[1] == at[0];
        w->len = join ? 2 : 1;
        token = join ? TOKEN_JOIN : isspace((unsigned char)*at) ? TOKEN_SPACE : TOKEN_OPERATOR;
    }
    *p = at + w->len;
    return token;
}

/** Whether a word is libpcap's own; sets what may follow it. */
static bool scan_keyword(struct scanner *s, struct word w)
{
    if (word_is(w, "and") || word_is(w, "or"))
        s->terms++;
    else if (WORD_IN(w, word_keywords))
        s->expects = EXPECTS_WORD;
    else if (WORD_IN(w, name_keywords))
        s->expects = EXPECTS_NAME;
    else if (WORD_IN(w, keywords))
        s->expects = EXPECTS_HOST;
    else
        return word_is(w, "not");
    return true;
}

static int scan(struct scanner *s, const char *text, struct wn_error *err)
{
    struct word w;
    enum token token;
    while ((token = next_token(&text, &w)) != TOKEN_END) {
        if (token == TOKEN_SPACE)
            continue;
        bool word_expected = s->expects == EXPECTS_WORD;
        if (word_expected)
            s->expects = EXPECTS_HOST;
        if (token == TOKEN_JOIN)
            s->terms++;
        if (token == TOKEN_WORD && scan_keyword(s, w))
            continue;
        if ((token == TOKEN_WORD || token == TOKEN_ESCAPED) && !word_expected &&
            s->expects == EXPECTS_HOST)
            return refuse(w, err);
    }
    return 0;
}

static void free_code(struct bpf_program *p)
{
    pcap_freecode(p);
}

OWN_BY(pcap, struct pcap, pcap_close)

/** From libpcap's structure to ours: the same fields, but nobody promises the same layout. */
static int translate(const struct bpf_program *code, struct wn_slot **out, size_t *count,
                     struct wn_error *err)
{
    OWN(free) struct wn_cbpf_insn *insns = calloc(code->bf_len, sizeof *insns);
    if (!insns)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    for (unsigned i = 0; i < code->bf_len; i++) {
        const struct bpf_insn *p = &code->bf_insns[i];
        insns[i] = (struct wn_cbpf_insn){p->code, p->jt, p->jf, p->k};
    }
    int r = wn_cbpf_translate(insns, code->bf_len, out, count, err);
    if (r == WN_E_UNSUPPORTED)
        return wn_fail(err, r, WN_NOWHERE,
                       "the expression asks for what is not in the packet but in the kernel "
                       "(as inbound, outbound and ifindex do)");
    return r;
}

int expr_compile(const char *text, int linktype, struct wn_slot **out, size_t *count,
                 struct wn_error *err)
{
    struct scanner s = {.terms = 1};
    if (strnlen(text, EXPR_MAX_BYTES + 1) > EXPR_MAX_BYTES)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "expression is longer than %u bytes",
                       EXPR_MAX_BYTES);
    int r = scan(&s, text, err);
    if (r)
        return r;
    if (s.terms > EXPR_MAX_TERMS)
        return wn_fail(err, WN_E_LIMIT, WN_NOWHERE, "expression has %u terms, %u at most", s.terms,
                       EXPR_MAX_TERMS);

    /* Never a live handle: for one, libpcap may use extensions that only the kernel knows. */
    OWN(pcap) struct pcap *pcap = pcap_open_dead(linktype, EXPR_KEEP);
    if (!pcap)
        return wn_fail(err, -ENOMEM, WN_NOWHERE, "out of memory");
    __attribute__((cleanup(free_code))) struct bpf_program code = {0};
    if (pcap_compile(pcap, &code, text, s.terms <= EXPR_OPTIMISE_TERMS, PCAP_NETMASK_UNKNOWN))
        return wn_fail(err, WN_E_SYNTAX, WN_NOWHERE, "%s", pcap_geterr(pcap));
    return translate(&code, out, count, err);
}
