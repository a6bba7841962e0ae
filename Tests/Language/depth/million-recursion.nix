# What is not a tail call waits on the machine's own stack, bounded by memory alone.
let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 1000000
