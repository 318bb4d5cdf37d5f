; a function of the program's own that keeps a register of its caller
r6 = r1
r1 = r2
call twice
r0 += r6
exit
twice:
r6 = r1
r0 = r6
r0 += r6
exit
