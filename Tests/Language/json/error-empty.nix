builtins.fromJSON ("")
