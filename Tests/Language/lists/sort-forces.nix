# Elements are forced before they are compared, also a single one.
[ (builtins.tryEval (builtins.sort (a: b: true) [ 1 (throw "a") ])) (builtins.tryEval (builtins.length (builtins.sort (a: b: true) [ (throw "a") ]))) ]
