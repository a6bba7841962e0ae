# Sorting inside the comparing function.
builtins.sort (a: b: builtins.length (builtins.sort builtins.lessThan a) < builtins.length (builtins.sort builtins.lessThan b)) [ [ 3 2 1 ] [ 1 ] [ 2 1 ] ]
