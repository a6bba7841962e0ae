with { a = 1; }; with { b = 2; }; with { c = 3; }; let d = 4; in [ a b c d ]
