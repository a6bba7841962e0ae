{ forceRecurse, withMeta, withConstituents, apply }: isTop: value:
let
  isDerivation = builtins.isAttrs value && value ? type && builtins.isString value.type
    && value.type == "derivation";
  recurses = forceRecurse || value.recurseForDerivations or isTop;
  outputNames = value.outputs or [ "out" ];
  hasPath = name: name == "out" && !(value ? outputs) || value ? ${name} && value.${name} ? outPath;
  outputPath = name: if value ? outputs then value.${name}.outPath else value.outPath;
  # The path of an output that depends on what is built is a placeholder.
  known = path: if builtins.isString path && builtins.match "/[0-9a-z]{52}" path != null then null else path;
  outputs = builtins.listToAttrs
    (map (name: { inherit name; value = known (outputPath name); }) (builtins.filter hasPath outputNames));
  isPlain = v:
    if builtins.isList v then builtins.all isPlain v
    else if builtins.isAttrs v then !(v ? outPath) && builtins.all isPlain (builtins.attrValues v)
    else builtins.isInt v || builtins.isBool v || builtins.isString v || builtins.isFloat v;
  text = attribute: v:
    if builtins.isString v then v
    else throw "the attribute '${attribute}' of the derivation has the type ${builtins.typeOf v}, not string";
  meta = value.meta or { };
  plainMeta = removeAttrs meta (builtins.filter (name: !isPlain meta.${name}) (builtins.attrNames meta));
  extraValue =
    let result = apply value;
    in if builtins.isAttrs result then result
    else throw "the result of --apply has the type ${builtins.typeOf result}, not set";
  isAggregate = value._hydraAggregate or false;
  listed = if isAggregate then value.constituents or (throw "derivation must have a 'constituents' attribute") else [ ];
  context = builtins.getContext (toString listed);
  constituents = {
    constituents = builtins.concatMap (path: map (_: path) (context.${path}.outputs or [ ])) (builtins.attrNames context);
    namedConstituents = builtins.filter builtins.isString listed;
    globConstituents = isAggregate && (value._hydraGlobConstituents or false);
  };
  derivationFields = {
    name = text "name" (value.name or (throw "derivation name missing"));
    system = text "system" (value.system or "unknown");
    drvPath = value.drvPath or (throw "derivation does not contain a 'drvPath' attribute");
    inherit outputs;
  }
  // (if withMeta then { meta = if plainMeta == { } then null else plainMeta; } else { })
  // (if apply == null then { } else { inherit extraValue; })
  // (if withConstituents then constituents else { });
in
if isDerivation then derivationFields
else if builtins.isAttrs value && recurses then { attrs = builtins.attrNames value; }
else { attrs = [ ]; }
