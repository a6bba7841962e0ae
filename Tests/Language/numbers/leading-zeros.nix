# Leading zeros do not matter to integers; a float has at most one.
[ 007 00 0.5 10.50e01 1.e2 .5e-1 ]
