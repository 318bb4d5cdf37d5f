; Nothing in it changes.
    r0 = 0
again:
    goto again
