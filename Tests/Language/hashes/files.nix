# The hashes of files.
map (a: builtins.hashFile a ./data/data.txt) [ "md5" "sha1" "sha256" "sha512" ]
