# differs from 2.8.0: it has no outputOf
builtins.outputOf "/nix/store/x" "out"
