# Not a pattern.
builtins.match ''[[:alpha]'' "a"
