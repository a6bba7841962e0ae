builtins.typeOf x:x
