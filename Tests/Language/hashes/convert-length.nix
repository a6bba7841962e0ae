# differs from 2.8.0: convertHash is newer.
builtins.convertHash { hash = "abc"; hashAlgo = "sha1"; toHashFormat = "sri"; }
