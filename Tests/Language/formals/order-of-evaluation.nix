({ a ? builtins.trace "a" 1, b ? builtins.trace "b" 2 }: b + a) { }
