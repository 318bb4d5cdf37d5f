; A function that calls itself.
    call walk
    exit
walk:
    r6 = r1
    r0 = 1
    if r2 < 4 goto out
    r1 += 4
    r2 -= 4
    call walk
out:
    exit
