builtins.fromJSON ("[\n\n 1\n x]")
