/* never
 ends *