# differs from 2.8.0: 2.8.0 has no builtins.warn
builtins.warn "one\ntwo" (builtins.warn "\nthree" 1)
