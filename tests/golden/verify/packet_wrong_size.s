; One byte is compared for, four are read.
    r0 = 0
    if r2 <= 26 goto out
    r0 = *(u32 *)(r1 + 26)
out:
    exit
