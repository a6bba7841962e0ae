builtins.addErrorContext "unused" 1
