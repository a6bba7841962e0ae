let
  isPlain = v:
    if builtins.isList v then builtins.all isPlain v
    else if builtins.isAttrs v then !(v ? outPath) && builtins.all isPlain (builtins.attrValues v)
    else builtins.isInt v || builtins.isBool v || builtins.isString v || builtins.isFloat v;
in
{
  inherit isPlain;
  coerce = v: "${v}";
}
