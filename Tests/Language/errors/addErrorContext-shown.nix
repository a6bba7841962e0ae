builtins.addErrorContext "the context" (throw "kept")
