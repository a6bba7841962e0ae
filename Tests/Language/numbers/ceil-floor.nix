[ (builtins.ceil 1.2) (builtins.floor 1.8) (builtins.ceil (-1.2)) (builtins.floor (-1.2)) (builtins.ceil 3.0) (builtins.typeOf (builtins.floor 1.5)) (builtins.ceil 5) ]
