# The first elements that differ decide; what follows is not looked at.
[ ([ 1 (throw "x") ] < [ 2 (throw "y") ]) ([ 1 { } ] < [ 2 { } ]) ]
