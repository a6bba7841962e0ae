builtins.trace "said" 1
