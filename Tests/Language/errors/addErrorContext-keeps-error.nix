builtins.addErrorContext "context" (throw "kept")
