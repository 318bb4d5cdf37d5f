; A call of what is no part of the program.
    call local +9
    exit
