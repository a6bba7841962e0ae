# Calls a flake with its inputs as a lock file has them.
#
#   lock      the contents of a lock file, as a set
#   sources   of the root, and of any other node: the tree that it is taken from (`sourceInfo`, which fetchTree gives),
#             and its directory in the tree (`dir`)
#   fetch     fetches the locked reference of any other node
#   fail      ends the evaluation with a message
#
# A node is fetched when something needs it.
{ lock, sources ? { }, fetch ? fetchTree, fail ? throw }:
let
  inherit (builtins)
    foldl' hasAttr isFunction isList isString mapAttrs pathExists removeAttrs substring;

  below = base: path: if path == "" then base else "${base}/${path}";

  isRelative = locked: locked.type or "" == "path" && substring 0 1 locked.path != "/";

  # The key of the node that an input stands for: its own, or that at a path of inputs from the root.
  keyOf = input: if isList input then followed input else input;

  followed = foldl'
    (key: name:
      let inputs = lock.nodes.${key}.inputs or { };
      in
      if hasAttr name inputs then keyOf inputs.${name}
      else fail "input '${name}' of the node '${key}' of a lock file is followed and does not exist")
    lock.root;

  node = key: entry:
    let
      locked = entry.locked;
      parent = nodes.${followed entry.parent};
      isBelowParent = !(hasAttr key sources) && isRelative locked;

      sourceInfo =
        if hasAttr key sources then sources.${key}.sourceInfo
        else if isBelowParent then parent.sourceInfo
        else fetch (entry.info or { } // removeAttrs locked [ "dir" ]);
      base = if isBelowParent then below parent.outPath locked.path else sourceInfo.outPath;
      outPath = below base (sources.${key}.dir or locked.dir or "");

      file = outPath + "/flake.nix";
      flake =
        if pathExists file then import file
        else fail "source tree '${outPath}' does not contain a 'flake.nix' file";
      inputs = mapAttrs (_: input: nodes.${keyOf input}.result) (entry.inputs or { });
      outputs =
        if isFunction flake.outputs or null then flake.outputs (inputs // { self = result; })
        else fail "flake '${outPath}' has no attribute 'outputs' that is a function";

      result =
        if !(entry.flake or true) then sourceInfo // { inherit sourceInfo outPath; }
        else outputs // sourceInfo // {
          inherit inputs outPath outputs sourceInfo;
          _type = "flake";
        };
    in
    { inherit outPath result sourceInfo; };

  nodes = mapAttrs node lock.nodes;
in
nodes.${lock.root}.result
