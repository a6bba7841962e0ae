# differs from 2.8.0: it has no outputOf
let
  make = arguments: derivation ({ system = "s"; builder = "/b"; } // arguments);
  plain = make { name = "plain"; outputs = [ "out" "dev" ]; };
  fixed = make { name = "fixed"; outputHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; };
  floating = make { name = "floating"; __contentAddressed = true; };
  maker = make { name = "made.drv"; __contentAddressed = true; outputHashMode = "text"; };
  path = d: builtins.unsafeDiscardOutputDependency d.drvPath;
  inherit (builtins) outputOf getContext;
in
{
  # Known paths, then what stands for one.
  plain = outputOf (path plain) "out" == plain.outPath;
  dev = outputOf (path plain) "dev" == plain.dev.outPath;
  fixed = outputOf (path fixed) "out" == fixed.outPath;
  floating = outputOf (path floating) "out" == floating.outPath;
  contexts = getContext (outputOf (path plain) "dev") == getContext plain.dev.outPath;
  # Of an output, and of an output of that.
  inner = outputOf maker.outPath "out";
  same = outputOf (outputOf (path maker) "out") "out" == outputOf maker.outPath "out";
  deeper = outputOf (outputOf maker.outPath "out") "dev";
  ofKnown = outputOf plain.outPath "out";
  knownContext = getContext (outputOf plain.outPath "out");
}
