# differs from 2.8.0: builtins.flakeRefToString came later
map builtins.flakeRefToString [
  { type = "github"; owner = "NixOS"; repo = "nixpkgs"; ref = "23.05"; dir = "lib"; }
  { type = "github"; owner = "NixOS"; repo = "nixpkgs"; rev = "00000000000000000000000000000000000000ab"; }
  { type = "gitlab"; owner = "a"; repo = "b"; host = "example.org"; }
  { type = "indirect"; id = "nixpkgs"; ref = "x"; rev = "00000000000000000000000000000000000000ab"; }
  { type = "path"; path = "/a b/c"; lastModified = 7; }
  { type = "git"; url = "/home/me/repo"; ref = "main"; shallow = true; submodules = false; dir = "x"; }
  { type = "git"; url = "git@example.org:a/b.git"; }
  { type = "tarball"; url = "https://example.org/a.tar.gz"; narHash = "sha256-MkbYnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA="; }
  { type = "file"; url = "https://example.org/a"; }
  { type = "hg"; url = "https://example.org/a"; ref = "default"; }
]
