let f = { a, b ? 2 }: a + b; all = { a = 1; b = 10; c = 100; }; in f (builtins.intersectAttrs (builtins.functionArgs f) all)
