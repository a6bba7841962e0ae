let a = 1; in let b = a; a = 2; in [ a b ]
