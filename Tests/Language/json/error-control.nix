builtins.fromJSON ("\"a\tb\"")
