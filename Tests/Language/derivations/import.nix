# differs from 2.8.0: a derivation need not be in a store (with --read-write-mode it prints the same)
let
  original = derivation { name = "x-1"; system = "s"; builder = "b"; outputs = [ "out" "dev" ]; };
  imported = import original.drvPath;
in
{
  inherit (imported) name type outPath outputName;
  dev = imported.dev.outPath;
  all = map (output: output.outputName) imported.all;
  names = builtins.attrNames imported;
  context = builtins.getContext imported.drvPath;
  user = (derivation { name = "y"; system = "s"; builder = "b"; src = imported.dev; }).drvPath;
}
