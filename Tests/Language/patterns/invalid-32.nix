# Not a pattern.
builtins.match ''[a-[:digit:]]'' "a"
