(x: x + x) (builtins.trace "forced" 2)
