# Not a pattern.
builtins.match ''a{1x}'' "a"
