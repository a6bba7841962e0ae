# After an application without selection, `or` is an argument.
let f = x: y: [ x y ]; in { r = (g: g 1) (f 0); }
