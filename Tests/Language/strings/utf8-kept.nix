[ "ä😀" (builtins.substring 0 2 "äb") ]
