let s = { or = 2; "or" = 2; }; in s
