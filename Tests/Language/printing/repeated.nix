# A set or list that is the same object as one printed before is not printed again.
let a = { x = 1; }; l = [ 1 ]; in [ a a l l ]
