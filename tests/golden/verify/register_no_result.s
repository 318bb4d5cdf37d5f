; The verdict is what r0 holds.
    if r2 < 14 goto out
    r0 = 1
out:
    exit
