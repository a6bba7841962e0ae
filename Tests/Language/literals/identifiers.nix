let a' = 1; a-b = 2; _ = 3; a_b'-c = 4; A9 = 5; if' = 6; in [ a' a-b _ a_b'-c A9 if' ]
