# Not a pattern.
builtins.match ''a{1,'' "a"
