[ (builtins.toJSON { outPath = "o"; a = 1; }) (builtins.toJSON { __toString = s: "t"; a = 1; }) (builtins.toJSON { outPath = { x = 1; }; }) (builtins.toJSON { outPath = [ 1 ]; }) ]
