let f = { __functor = { __functor = s: self: x: [ self.v x ]; }; v = "v"; }; in f 1
