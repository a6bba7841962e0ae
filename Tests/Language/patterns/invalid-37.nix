# Not a pattern.
builtins.match ''\d'' "a"
