# differs from 2.8.0: the newest Nix does not look at the function then
# The function is not looked at when the list is empty.
[ (builtins.filter (throw "f") [ ]) (map (throw "f") [ ]) (builtins.sort (throw "f") [ ]) ]
