[ (builtins.ceil 1.5) (builtins.floor 1.5) (builtins.ceil (0.0 - 1.5)) (builtins.floor (0.0 - 1.5)) (builtins.ceil 7) (builtins.floor (-7)) (builtins.ceil 1.0e15) ]
