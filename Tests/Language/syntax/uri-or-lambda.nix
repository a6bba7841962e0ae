# Without a space, `x:x` is a URI.
[ (x:x) ((x: x) 1) (builtins.isString x:y) ]
