# pipe-operators
a |> f <| b
