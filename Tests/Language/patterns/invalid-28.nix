# Not a pattern.
builtins.match ''[[:foo:]]'' "a"
