arguments@{
  outputs ? [ "out" ],
  ...
}:
let
  paths = derivationStrict arguments;
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
  shared = arguments // builtins.listToAttrs pairs // {
    all = map (pair: pair.value) pairs;
    drvAttrs = arguments;
  };
in
(builtins.head pairs).value
