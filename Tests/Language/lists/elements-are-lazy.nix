[ (builtins.length [ (throw "a") ]) (builtins.head [ 1 (throw "a") ]) (builtins.elemAt [ (throw "a") 2 ] 1) (builtins.length (map throw [ "a" "b" ])) ]
