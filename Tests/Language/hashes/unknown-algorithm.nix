# differs from 2.8.0: the message lists the algorithms.
builtins.hashString "sha3" "a"
