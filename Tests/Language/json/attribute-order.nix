builtins.toJSON { b = 1; a = 2; B = 3; "" = 4; "é" = 5; }
