let down = n: if n == 0 then 0 else 1 + down (n - 1); in builtins.sort (a: b: down a < down b) [ 300000 2 1 ]
