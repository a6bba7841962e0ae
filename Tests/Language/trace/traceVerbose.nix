# Without --trace-verbose it only returns the second argument.
builtins.traceVerbose (throw "unused") 1
