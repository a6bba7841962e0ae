# differs from 2.8.0: a list is known by the place that holds it, also one of three elements
let x = [ 1 2 x ]; in x
