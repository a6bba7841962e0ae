# Not a pattern.
builtins.match ''\'' "a"
