/* SPDX-License-Identifier: MIT */
#include <winnow/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int wn_fail(struct wn_error *err, int code, uint32_t at, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list ap;
    err->code = code;
    err->at = at;
    err->column = 0;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return code;
}

const char *wn_strerror(int code)
{
    switch ((enum wn_err)code) {
    case WN_E_MALFORMED: return "malformed program";
    case WN_E_REJECTED: return "program rejected";
    case WN_E_LIMIT: return "limit exceeded";
    case WN_E_SYNTAX: return "syntax error";
    case WN_E_FORMAT: return "bad file format";
    case WN_E_UNSUPPORTED: return "not supported";
    case WN_E_FAULT: return "the program faulted";
    case WN_E_NOJIT: return "machine code cannot be made here";
    }
    return code > 0 || code < -4095 ? "unknown error" : strerror(-code);
}
