(builtins.mapAttrs (n: v: if n == "a" then throw "a" else v) { a = 1; b = 2; }).b
