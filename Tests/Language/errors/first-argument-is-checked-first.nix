# differs from 2.8.0: the newest Nix says what was found
builtins.bitXor [ ] (throw "x")
