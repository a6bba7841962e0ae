# What the flake.nix in a directory of the store declares, as JSON: `description`, `inputs` by name, and `self`, the
# attributes that the flake sets for its own source. An input has those of `attributes`, `flake`, `follows` and `inputs`
# that it declares; in `attributes`, a `url` that is a path is in `path` instead.
fail: outPath:
let
  inherit (builtins)
    attrNames elem filter functionArgs head isAttrs isBool isFunction isInt isPath isString listToAttrs map mapAttrs
    pathExists removeAttrs toJSON toString typeOf;

  file = outPath + "/flake.nix";
  flake = import file;

  unknown = filter (name: !(elem name [ "description" "inputs" "outputs" "nixConfig" ])) (attrNames flake);

  expect = isRight: wanted: what: value:
    if isRight value then value else fail "expected ${wanted} but got ${typeOf value} for ${what} of '${file}'";

  attribute = name: value:
    if isString value || isBool value then value
    else if !(isInt value)
    then fail "flake input attribute '${name}' of '${file}' is ${typeOf value} while a string, Boolean, or integer is expected"
    else if value < 0 then fail "negative value given for flake input attribute ${name}: ${toString value}"
    else value;

  location = input:
    let rest = removeAttrs input [ "flake" "follows" "inputs" "url" ];
    in
    mapAttrs attribute rest
    // (if !(input ? url) then { }
    else if isPath input.url then { path = toString input.url; }
    else { url = expect isString "a string or a path" "the url of an input" input.url; });

  input = name: declared:
    let checked = expect isAttrs "a set" "the input '${name}'" declared;
    in
    { attributes = location checked; }
    // (if checked ? flake then { flake = expect isBool "a Boolean" "'flake' of the input '${name}'" checked.flake; } else { })
    // (if checked ? follows
    then { follows = expect isString "a string" "'follows' of the input '${name}'" checked.follows; }
    else { })
    // (if checked ? inputs then { inputs = inputsOf checked.inputs; } else { });

  inputsOf = inputs:
    if inputs ? self then fail "'self' input attribute not allowed in an input of '${file}'"
    else mapAttrs input (expect isAttrs "a set" "the inputs of an input" inputs);

  # An argument of the outputs is an input even if nothing declares it.
  implied = listToAttrs (map (name: { inherit name; value = { attributes = { }; }; })
    (filter (name: name != "self") (attrNames (functionArgs flake.outputs))));

  declared = expect isAttrs "a set" "'inputs'" (flake.inputs or { });
in
if !(pathExists file) then fail "source tree '${outPath}' does not contain a 'flake.nix' file"
else if !(isAttrs flake) then fail "file '${file}' must be an attribute set"
else if unknown != [ ] then fail "flake '${outPath}' has an unsupported attribute '${head unknown}'"
else if !(flake ? outputs) then fail "flake '${outPath}' lacks attribute 'outputs'"
else if !(isFunction flake.outputs) then fail "attribute 'outputs' of flake '${outPath}' is not a function"
else toJSON {
  description = expect (value: value == null || isString value) "a string" "'description'" (flake.description or null);
  self = mapAttrs attribute (expect isAttrs "a set" "the input 'self'" (declared.self or { }));
  inputs = implied // mapAttrs input (removeAttrs declared [ "self" ]);
}
