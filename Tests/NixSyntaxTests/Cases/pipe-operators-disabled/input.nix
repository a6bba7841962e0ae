a |> f
