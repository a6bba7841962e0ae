builtins.toJSON { a = [ 1 builtins.add ]; }
