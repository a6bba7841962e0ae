builtins.genericClosure { startSet = builtins.genList (i: { key = "s${toString (i * 7)}"; }) 20; operator = { key }: if key == "s133" then [ { key = /s; } ] else [ ]; }
