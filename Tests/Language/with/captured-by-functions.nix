let f = with { a = 1; }; x: a + x; in with { a = 10; }; f 1
