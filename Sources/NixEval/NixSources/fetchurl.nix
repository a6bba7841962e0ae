{
  system ? "",
  url,
  hash ? "",
  md5 ? "",
  sha1 ? "",
  sha256 ? "",
  sha512 ? "",
  # The first hash that is given, and its algorithm, which an SRI hash contains.
  outputHash ?
    if hash != "" then hash
    else builtins.head (builtins.filter (text: text != "") [ sha512 sha1 md5 ] ++ [ sha256 ]),
  outputHashAlgo ?
    if hash != "" then "" else if sha512 != "" then "sha512" else if sha1 != "" then "sha1"
    else if md5 != "" then "md5" else "sha256",
  executable ? false,
  unpack ? false,
  name ? baseNameOf (toString url),
  impure ? false,
}:
derivation ({
  builder = "builtin:fetchurl";
  system = "builtin";
  inherit name url executable unpack;
  urls = [ url ];
  outputHashMode = if executable || unpack then "recursive" else "flat";
  preferLocalBuild = true;
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
} // (if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; }))
