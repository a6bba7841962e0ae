# Not a pattern.
builtins.match ''[a-c-e]'' "a"
