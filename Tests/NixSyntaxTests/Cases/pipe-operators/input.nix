# pipe-operators
a |> f b |> g
