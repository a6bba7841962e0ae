builtins.fromJSON ("[1,]")
