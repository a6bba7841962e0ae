# differs from 2.8.0: the newest Nix bounds the depth of calls
let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 1000
