goto a
b: exit
A = 1
A = 2
