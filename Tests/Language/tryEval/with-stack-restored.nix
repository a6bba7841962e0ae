with { a = 1; }; let t = builtins.tryEval (with { a = 2; }; throw (toString a)); in [ t.success a ]
