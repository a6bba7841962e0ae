# differs from 2.8.0: 2.8.0 has no pipe operators
[ ([ 1 2 ] |> map (x: x + 1)) (builtins.length <| [ 1 2 3 ]) (3 |> (x: x * 2) |> (x: x + 1)) ((x: x + 1) <| (x: x * 2) <| 3) ]
