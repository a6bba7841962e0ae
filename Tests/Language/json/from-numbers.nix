map builtins.typeOf (builtins.fromJSON "[0,-0,1.0,1e1,-1.5e-3]")
