# differs from 2.8.0: lint-short-path-literals
builtins.isPath a/b
