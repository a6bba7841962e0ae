# differs from 2.8.0: a thunk keeps a failure that was caught, with the lines of the way to the first tryEval
let
  a = throw "no";
  named = name: builtins.addErrorContext "for ${name}" a;
in builtins.seq (builtins.tryEval (named "first")) (builtins.seq (builtins.tryEval (named "second")) (named "third"))
