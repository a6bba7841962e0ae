# Functions on attribute sets.
{ lib }:
rec {
  # The results of `f name value`, in the order of the names.
  mapToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);

  # The attributes for which `keep name value` holds.
  filter = keep: set:
    removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));

  # A set with one attribute for each name.
  generate = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);

  # The attribute at a path of names, or `default` if a step is missing.
  at = path: default: set:
    if path == [ ] then set
    else if builtins.isAttrs set && builtins.hasAttr (builtins.head path) set
    then at (builtins.tail path) default set.${builtins.head path}
    else default;

  # The union of two sets of sets, level by level. The second wins if either value is not a set.
  merge = a: b:
    a // builtins.mapAttrs
      (name: value:
        if builtins.isAttrs value && builtins.isAttrs (a.${name} or null)
        then merge a.${name} value
        else value)
      b;

  # The values grouped by the key that `key` gives each of them.
  group = key: values:
    builtins.foldl'
      (groups: value: let k = key value; in groups // { ${k} = (groups.${k} or [ ]) ++ [ value ]; })
      { }
      values;
}
