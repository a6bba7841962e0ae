let vs = [ 1 1.5 "1" true null [ ] { } /a (x: x) ]; in map (a: map (b: a == b) vs) vs
