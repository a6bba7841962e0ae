builtins.trace "l" 1 < builtins.trace "r" 2
