# A list that is the result is not the place that its own element names.
let x = [ x ]; in x
