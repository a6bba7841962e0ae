# differs from 2.8.0: the newest Nix shows the operands
(-9223372036854775807 - 1) / -1
