# Not a pattern.
builtins.match ''[z-a]'' "a"
