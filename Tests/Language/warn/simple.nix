# differs from 2.8.0: 2.8.0 has no builtins.warn
builtins.warn "careful" 1
