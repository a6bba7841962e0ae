builtins.fromJSON ("tru")
