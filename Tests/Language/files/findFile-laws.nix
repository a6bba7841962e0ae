# The first entry whose prefix fits and below which the file is.
let f = builtins.findFile; here = ../files; in map (x: builtins.baseNameOf x) [
  (f [ { path = here; } ] "findFile-laws.nix") (f [ { prefix = "a"; path = here; } ] "a/findFile-laws.nix")
  (f [ { prefix = "a"; path = here; } ] "a") (f [ { path = "/nonexistent"; prefix = "b"; } { path = here; } ] "findFile-laws.nix")
  (let __nixPath = [ { path = here; prefix = "me"; } ]; in <me/findFile-laws.nix>)
  (let __findFile = path: name: "/x/" + name; in <whatever>)
]
