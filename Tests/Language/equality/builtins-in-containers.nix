# differs from 2.8.0: a builtin is the same wherever it is selected; there each selection is a value of its own
let m = builtins.map; in [
  ([ builtins.map ] == [ builtins.map ])
  ([ map ] == [ builtins.map ])
  (with builtins; [ head ] == [ head ])
  ([ m ] == [ m ])
  (m == m)
  (map == builtins.map)
]
