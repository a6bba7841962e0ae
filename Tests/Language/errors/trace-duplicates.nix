# differs from 2.8.0: the newest counts frames that repeat
let f = n: if n == 0 then throw "end" else f (n - 1); in f 20
