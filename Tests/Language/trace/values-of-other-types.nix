builtins.trace 1 (builtins.trace null (builtins.trace true (builtins.trace [ ] (builtins.trace 1.5 2))))
