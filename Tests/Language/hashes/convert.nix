# differs from 2.8.0: convertHash is newer.
let
  hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  formats = [ "base16" "base32" "nix32" "base64" "sri" ];
  all = args: map (toHashFormat: builtins.convertHash (args // { inherit toHashFormat; })) formats;
in map all [
  { hash = hex; hashAlgo = "sha256"; }
  { hash = "sha256:${hex}"; }
  { hash = "sha256:${hex}"; hashAlgo = "sha256"; }
  { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; }
  { hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; hashAlgo = "sha256"; }
  { hash = "d41d8cd98f00b204e9800998ecf8427e"; hashAlgo = "md5"; }
  { hash = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"; }
]
