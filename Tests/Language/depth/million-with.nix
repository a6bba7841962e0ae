let f = n: with { a = n; }; if n == 0 then a else f (a - 1); in f 1000000
