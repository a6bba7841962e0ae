drvAttrs@{
  outputs ? [ "out" ],
  ...
}:
let
  paths = derivationStrict drvAttrs;
  ofOutput = output: {
    name = output;
    value = shared // {
      outPath = paths.${output};
      drvPath = paths.drvPath;
      type = "derivation";
      outputName = output;
    };
  };
  pairs = map ofOutput outputs;
  shared = drvAttrs // builtins.listToAttrs pairs // {
    all = map (pair: pair.value) pairs;
    inherit drvAttrs;
  };
in
(builtins.head pairs).value
