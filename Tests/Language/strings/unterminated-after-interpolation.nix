let a = "x"; in
  "${a} and ${a}
