# A set that can be called is a set.
[ (builtins.isFunction { __functor = s: x: x; }) (builtins.typeOf { __functor = s: x: x; }) (builtins.isAttrs { __functor = s: x: x; }) ]
