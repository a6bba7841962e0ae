# `<name>` is `__findFile __nixPath "name"`, with the names that the scope binds.
let
  __nixPath = [ 1 ];
  __findFile = path: name: { inherit path name; };
in
[ <x/y> (let __nixPath = 2; in <z>) (map (p: p) <w>.path) ]
