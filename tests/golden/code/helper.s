; a value kept across a helper's call
r6 = r2
call 5
r0 += r6
exit
