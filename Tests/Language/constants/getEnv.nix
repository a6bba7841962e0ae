[ (builtins.getEnv "FIRN_SUITE") (builtins.getEnv "FIRN_UNSET_NAME") ]
