# differs from 2.8.0: it has no outputOf
builtins.outputOf "a" "out"
