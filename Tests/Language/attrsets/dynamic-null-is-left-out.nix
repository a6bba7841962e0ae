{ a = 1; ${null} = 2; ${if true then null else "b"} = throw "never"; }
