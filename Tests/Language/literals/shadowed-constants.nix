# true, false and null are ordinary names.
let true = 1; false = 2; null = 3; in [ true false null ]
