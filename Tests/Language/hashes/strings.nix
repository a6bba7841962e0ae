# The hashes of strings, in base 16.
map (a: map (builtins.hashString a) [ "" "abc" "ä" "a\nb" (builtins.concatStringsSep "" (builtins.genList toString 1000)) ]) [ "md5" "sha1" "sha256" "sha512" ]
