# The left operand is evaluated before the right one.
builtins.trace "l" 1 + builtins.trace "r" 2
