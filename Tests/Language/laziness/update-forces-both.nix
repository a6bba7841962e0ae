builtins.seq ({ a = 1; } // (throw "right")) 1
