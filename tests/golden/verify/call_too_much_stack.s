; 400 bytes, and 200 of the function that is called: kernels have 512 for all of them.
    r0 = 0
    *(u64 *)(r10 - 400) = r0
    call deep
    exit
deep:
    r0 = 1
    *(u64 *)(r10 - 200) = r0
    exit
