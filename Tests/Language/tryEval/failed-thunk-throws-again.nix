# A thunk that threw throws again when it is forced again.
let x = throw "again"; in map (i: (builtins.tryEval x).success) [ 1 2 3 ]
