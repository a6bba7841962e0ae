builtins.match "(" (throw "x")
