builtins.trace "a \"b\"\nc" 1
