# differs from 2.8.0: 2.8.0 has no pipe operators
[ 1 2 ] |> map (x: x + 1)
