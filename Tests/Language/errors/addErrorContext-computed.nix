# differs from 2.8.0: the newest Nix shows the outermost line first
let
  name = "b";
  value = throw "inner";
in
builtins.addErrorContext "outer ${toString 1}" (
  # What a text throws, it may catch itself, and what is caught is not the failure.
  builtins.addErrorContext
    "inner ${name} ${toString (builtins.tryEval (builtins.addErrorContext "x ${name}" (throw "y"))).success}"
    value
)
