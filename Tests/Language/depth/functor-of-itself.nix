# Each functor waits for the next one, and so counts as a call.
let f = { __functor = f; }; in f 1
