forceRecurse: withMeta: header: isTop: value:
let
  isDerivation = builtins.isAttrs value && value ? type && builtins.isString value.type
    && value.type == "derivation";
  recurses = forceRecurse || value.recurseForDerivations or isTop;
  outputNames = value.outputs or [ "out" ];
  hasPath = name: name == "out" && !(value ? outputs) || value ? ${name} && value.${name} ? outPath;
  outputPath = name: if value ? outputs then value.${name}.outPath else value.outPath;
  outputs = builtins.listToAttrs
    (map (name: { inherit name; value = outputPath name; }) (builtins.filter hasPath outputNames));
  isPlain = v:
    if builtins.isList v then builtins.all isPlain v
    else if builtins.isAttrs v then !(v ? outPath) && builtins.all isPlain (builtins.attrValues v)
    else builtins.isInt v || builtins.isBool v || builtins.isString v || builtins.isFloat v;
  text = attribute: v:
    if builtins.isString v then v
    else throw "the attribute '${attribute}' of the derivation has the type ${builtins.typeOf v}, not string";
  meta = value.meta or { };
  plainMeta = removeAttrs meta (builtins.filter (name: !isPlain meta.${name}) (builtins.attrNames meta));
  derivationFields = {
    name = text "name" (value.name or (throw "derivation name missing"));
    system = text "system" (value.system or "unknown");
    inherit (value) drvPath;
    inherit outputs;
  } // (if withMeta then { meta = plainMeta; } else { });
in
header // (
  if isDerivation then derivationFields
  else if builtins.isAttrs value && recurses then { attrs = builtins.attrNames value; }
  else { attrs = [ ]; })
