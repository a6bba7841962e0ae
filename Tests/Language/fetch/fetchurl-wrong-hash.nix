builtins.fetchurl {
  url = "file://${toString ./data}/pkg.tgz";
  sha256 = "0000000000000000000000000000000000000000000000000000";
}
