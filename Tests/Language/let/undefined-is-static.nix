# Also where nothing forces it.
let a = nope; in 1
