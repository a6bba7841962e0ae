# The arguments of a functor are written, not looked up.
builtins.tryEval (builtins.functionArgs (x: x)) // { f = builtins.functionArgs ({ a, b ? 1 }: a); }
