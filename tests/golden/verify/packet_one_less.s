; 34 bytes are known to be there, and the byte behind them is read.
    r0 = 0
    if r2 < 34 goto out
    r0 = *(u8 *)(r1 + 34)
out:
    exit
