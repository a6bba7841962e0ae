builtins.typeOf ~/a
