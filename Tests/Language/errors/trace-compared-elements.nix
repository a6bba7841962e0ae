# differs from 2.8.0: the newest Nix says that elements of lists were compared
[ 1 [ "a" ] ] < [ 1 [ 2 ] ]
