# differs from 2.8.0: convertHash is newer.
builtins.convertHash { toHashFormat = "sri"; }
