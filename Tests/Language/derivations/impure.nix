let
  make = arguments: derivation ({ system = "s"; builder = "/b"; } // arguments);
  impure = make { name = "impure"; __impure = true; };
in
map (d: { inherit (d) drvPath outPath; }) [
  impure
  (make { name = "on-impure"; __impure = true; src = impure; })
  (make { name = "fixed-on-impure"; src = impure; outputHash = "sha256-MkbYnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA="; })
]
