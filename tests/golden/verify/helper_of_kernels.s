; Which process it is means nothing for packets.
    call 14
    exit
