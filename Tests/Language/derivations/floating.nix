# differs from 2.8.0: a derivation need not be in a store (with --read-write-mode it prints the same)
let
  make = arguments: derivation ({ system = "s"; builder = "/b"; } // arguments);
  floating = make { name = "floating"; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputs = [ "out" "dev" ]; };
  flat = make { name = "flat"; __contentAddressed = true; outputHashMode = "flat"; outputHashAlgo = "sha512"; };
  deferred = make { name = "deferred"; src = floating; inherit (floating) dev; };
  reaching = make { name = "reaching"; all = floating.drvPath; one = builtins.unsafeDiscardOutputDependency deferred.drvPath; };
in
map (d: { inherit (d) drvPath outPath; dev = d.dev.outPath or null; }) [
  floating
  flat
  deferred
  reaching
  (make { name = "not"; __contentAddressed = false; })
]
