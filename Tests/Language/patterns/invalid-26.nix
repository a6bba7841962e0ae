# Not a pattern.
builtins.match ''[a-é]'' "a"
