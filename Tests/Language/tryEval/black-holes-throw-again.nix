# A throw passes three thunks that were being forced; all throw again afterwards.
let a = b + 1; b = c + 1; c = throw "c"; t = x: (builtins.tryEval x).success; in [ (t a) (t b) (t c) (t a) ]
