# differs from 2.8.0: builtins.flakeRefToString came later
builtins.flakeRefToString { type = "path"; path = [ ]; }
