# Elements are forced before the function sees them.
builtins.tryEval (builtins.partition (x: true) [ (throw "a") ])
