builtins.trace "evaluated" { n = 1; }
