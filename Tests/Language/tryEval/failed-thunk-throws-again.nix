# A thunk that threw is evaluated again when it is forced again, and throws again.
let x = throw "again"; in map (i: (builtins.tryEval x).success) [ 1 2 3 ]
