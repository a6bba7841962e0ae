let a = 1; in (b: with b; [ a c ]) { a = 2; c = 3; }
