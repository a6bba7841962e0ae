# Tables, dotted keys and arrays of tables.
builtins.fromTOML ''
  top = 1
  a.b.c = 1
  a.b."d.e" = 2
  a . 'f' = 3
  1234 = "digits"
  3.14 = "two parts"
  "" = "empty"
  [x.y.z]
  w = 1
  [x]
  v = 2
  [x.y]
  u = 3
  [fruit]
  apple.color = "red"
  apple.taste.sweet = true
  [fruit.apple.texture]
  smooth = true
  [[list]]
  n = 1
  [list.sub]
  s = 1
  [[list]]
  [[list]]
  n = 3
  [[list.inner]]
  k = 1
  [[list.inner]]
  k = 2
  [ g . h . "i" ]
  j = 1
  [empty]
''
