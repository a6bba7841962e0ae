let
  url = "file://${toString ./data}/pkg.tgz";
in
{
  plain = builtins.fetchurl url;
  named = builtins.fetchurl { inherit url; name = "other"; };
  hashed = builtins.fetchurl { inherit url; sha256 = builtins.hashFile "sha256" ./data/pkg.tgz; };
  hash = builtins.hashFile "sha256" (builtins.fetchurl url);
}
