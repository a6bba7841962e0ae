# The global functions behind operators are stronger than `with`; there are none behind `+`, `==`, `//` and `++`.
let __add = a: b: "add"; __eq = a: b: "eq"; __update = a: b: "update"; __concat = a: b: "concat"; in
with { __sub = a: b: "sub"; __lessThan = a: b: "less"; };
[ (3 - 1) (1 < 2) (1 + 1) (1 == 1) ({ } // { }) ([ ] ++ [ ]) ]
