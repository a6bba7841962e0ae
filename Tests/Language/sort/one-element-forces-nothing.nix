builtins.length (builtins.sort (throw "cmp") [ (throw "e") ])
