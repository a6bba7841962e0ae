# differs from 2.8.0: a derivation need not be in a store (with --read-write-mode it prints the same)
let
  make = arguments: derivation ({ system = "s"; builder = "/b"; __structuredAttrs = true; } // arguments);
  plain = make { name = "plain"; };
in
map (d: d.drvPath) [
  plain
  (make { name = "values"; a = { z = 1; b = [ 1.5 null true "x\n\"é\\" ]; }; big = 9223372036854775807; negative = -0.1; empty = { }; none = null; nested = [ [ ] [ { } ] ]; })
  (make { name = "references"; uses = "${plain}"; list = [ plain plain.drvPath ]; path = ./data; })
  (make { name = "fixed"; __ignoreNulls = true; none = null; outputHash = "sha256-MkbYnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA="; outputHashMode = "recursive"; args = [ "a" ]; })
  (make { name = "checks"; outputs = [ "out" "dev" ]; outputChecks.out.allowedReferences = [ ]; })
  (derivation { name = "json"; system = "s"; builder = "/b"; __json = builtins.toJSON { b = 1; a = [ { } ]; }; })
]
