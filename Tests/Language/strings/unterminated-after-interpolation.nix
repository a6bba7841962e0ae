# differs from 2.8.0: a string without an end is shown where it begins, not at the end of the file
let a = "x"; in
  "${a} and ${a}
