# Not a pattern.
builtins.match ''{2}'' "a"
