let r = builtins.tryEval { a = throw "later"; }; in [ r.success (builtins.tryEval r.value.a).success ]
