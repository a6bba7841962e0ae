(builtins.trace "l" { a = 1; }) // (builtins.trace "r" { b = 2; })
