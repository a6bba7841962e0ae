# The expression of with does not see the set itself.
let a = { b = 1; a = 2; }; in with a; [ b (a.a) ]
