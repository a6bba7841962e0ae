(x: x)
  or 1
