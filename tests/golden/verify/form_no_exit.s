; Control runs past the last instruction.
    r0 = 0
    if r2 > 60 goto done
    exit
done:
    r0 = 1
