let a = 1; in let b = a + 1; in let c = a + b; in let d = a + b + c; f = x: a + b + c + d + x; in f 1
