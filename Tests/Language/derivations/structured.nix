let
  dep = derivation { name = "dep"; system = "s"; builder = "/b"; };
  d = derivation {
    __structuredAttrs = true; __ignoreNulls = true;
    name = "d"; system = "s"; builder = "${dep}/bin/b"; args = [ "-e" ];
    outputs = [ "out" "lib" ]; nothing = null;
    nested = { list = [ 1 2.5 dep "é\n" ]; yes = true; }; "quo\"ted" = 1;
    outputChecks.out = { allowedReferences = [ ]; maxSize = 10; };
  };
in [ d.drvPath d.outPath d.lib.outPath ]
