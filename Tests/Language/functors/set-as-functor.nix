# A functor that is a set is applied to the set it belongs to, and what comes of it to the argument.
let
  inner = { __functor = self: outer: x: [ self.name outer.name x ]; name = "inner"; };
  outer = { __functor = inner; name = "outer"; };
  outermost = { __functor = outer; name = "outermost"; };
in
[ (outer 1) (builtins.map outer [ 2 ]) (inner outermost 3) ]
