[ 1 (throw "second") ] == [ 1 2 ]
