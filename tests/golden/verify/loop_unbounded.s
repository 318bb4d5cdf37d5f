; It ends when the clock says so.
    r6 = 0
again:
    call 7
    if r0 != 0 goto again
    r0 = 1
    exit
