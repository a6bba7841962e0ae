# Not a pattern.
builtins.match ''[a-[.c.]]'' "a"
