# Numbers, strings, arrays and tables.
builtins.fromTOML ''
  # a comment
  int = [ 0, +0, -0, 7, -17, 1_000, 0xDEAD_beef, 0o17, 0b1_01, 9223372036854775807, -9223372036854775808 ]
  float = [ 1.0, +1.5, -0.01, 5e+22, 1e06, -2E-2, 6.626e-34, 9_224.617_445, 0.0, -0.0, 0e0 ]
  bool = [ true, false ]
  basic = "tab\t quote\" back\\ \u00e9 \U0001F600 \b\f\n\r"
  literal = 'no \escape "here"'
  mixed = [ 1, "a", [ 2.5, [ ] ], { x = 1 }, ]
  lines = [
    1, # one
    2
    ,
  ]
  empty = [ ]
  inline = { a = 1, b.c = 2, "d e" = { }, f = [ { g = 1 } ] }
''
