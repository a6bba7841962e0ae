let f = { __functor = self: x: x + self.n; n = 1; }; in [ (f 1) (map f [ 1 2 ]) ((f // { n = 10; }) 1) ]
