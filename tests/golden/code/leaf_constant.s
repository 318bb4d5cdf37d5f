; accept everything
r0 = 1
exit
