# differs from 2.8.0: convertHash is newer.
builtins.convertHash { hash = "md5:d41d8cd98f00b204e9800998ecf8427e"; hashAlgo = "sha1"; toHashFormat = "sri"; }
