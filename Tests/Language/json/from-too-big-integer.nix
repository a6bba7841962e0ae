# differs from 2.8.0: the newest Nix refuses what needs 64 bits without a sign
builtins.fromJSON "9223372036854775808"
