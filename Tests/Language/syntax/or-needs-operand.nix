# Without a selection before it, `or` is a name, and what stands before it a function.
let f = x: x; in f or
