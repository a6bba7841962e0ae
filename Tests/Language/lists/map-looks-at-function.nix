# differs from 2.8.0: the newest Nix looks at the function unless the list is empty
builtins.length (map (throw "f") [ 1 2 ])
