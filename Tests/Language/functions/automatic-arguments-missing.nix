# With `...` it is the call that misses an argument.
{ n, ... }: n
