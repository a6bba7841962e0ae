# Not a pattern.
builtins.match ''a{x}'' "a"
