; A call through a register that holds the packet.
    callx r1
    exit
