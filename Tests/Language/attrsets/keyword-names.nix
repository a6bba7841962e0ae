{ "if" = 1; "then" = 2; "let" = 3; "or" = 4; }."if"
