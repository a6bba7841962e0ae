builtins.genericClosure { startSet = builtins.genList (i: { key = i * 7 - i * i; }) 50 ++ [ { key = "a"; } ]; operator = x: [ ]; }
