# Not a pattern.
builtins.match ''[[:digit:]-a]'' "a"
