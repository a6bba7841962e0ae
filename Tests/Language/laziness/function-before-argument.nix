(builtins.trace "f" (x: builtins.seq x 1)) (builtins.trace "x" 2)
