# Inside equal containers the same function is equal: elements that are one value are not compared.
let f = x: x; l = [ f ]; s = { inherit f; }; in [ (l == l) (s == s) ([ f ] == [ f ]) ({ inherit f; } == { inherit f; }) ([ (x: x) ] == [ (x: x) ]) ]
