{ name, drvPath, outputs, ... }@attributes:
let
  ofOutput = output: {
    name = output;
    value = shared // {
      outPath = attributes.${output};
      outputName = output;
    };
  };
  pairs = map ofOutput outputs;
  shared = builtins.listToAttrs pairs // {
    all = map (pair: pair.value) pairs;
    inherit drvPath name;
    type = "derivation";
  };
in
(builtins.head pairs).value
