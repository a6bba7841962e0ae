fail: mustBeLocked: reference:
let
  inherit (builtins)
    attrNames elem elemAt filter fromJSON functionArgs hasAttr head intersectAttrs isAttrs isFunction isInt isList
    isPath isString length listToAttrs map mapAttrs parseFlakeRef pathExists readFile removeAttrs split stringLength
    substring tail toString;

  below = base: path: if path == "" then base else "${base}/${path}";

  # The reference of a declared input; null if the declaration has only `follows`.
  referenceOf = declared:
    if declared ? type then removeAttrs declared [ "flake" "inputs" "follows" ]
    else if declared ? url then parseInput (toString declared.url)
    else null;

  # Like parseFlakeRef, but with relative paths.
  parseInput = url:
    let isRelative = prefix: substring 0 (stringLength prefix) url == prefix;
    in
    if isRelative "path:" && substring 5 1 url != "/"
    then { type = "path"; path = substring 5 (stringLength url) url; }
    else if isRelative "./" || isRelative "../" || url == "." || url == ".."
    then { type = "path"; path = url; }
    else parseFlakeRef url;

  isRelativePath = ref: ref.type or "" == "path" && substring 0 1 ref.path != "/";

  withoutDirectory = ref: removeAttrs ref [ "dir" ];

  segments = path: filter (part: isString part && part != "") (split "/" path);

  # The contents of flake.nix, checked.
  readFlake = outPath:
    let
      file = outPath + "/flake.nix";
      flake = import file;
      unknown = filter (name: !(elem name [ "description" "inputs" "outputs" "nixConfig" ])) (attrNames flake);
    in
    if !(pathExists file) then fail "source tree '${outPath}' does not contain a 'flake.nix' file"
    else if !(isAttrs flake) then fail "file '${file}' must be an attribute set"
    else if unknown != [ ] then fail "flake '${outPath}' has an unsupported attribute '${head unknown}'"
    else if !(flake ? outputs) then fail "flake '${outPath}' lacks attribute 'outputs'"
    else if !(isFunction flake.outputs) then fail "attribute 'outputs' of flake '${outPath}' is not a function"
    else flake;

  # The inputs that flake.nix declares, and those that are only arguments of its outputs.
  declaredInputs = flake:
    mapAttrs (name: _: { url = name; }) (removeAttrs (functionArgs flake.outputs) [ "self" ])
    // removeAttrs (flake.inputs or { }) [ "self" ];

  readLock = outPath:
    let
      file = outPath + "/flake.lock";
      lock = fromJSON (readFile file);
    in
    if !(pathExists file) then null
    else if !(isAttrs lock) || !(isInt lock.version or null)
    then fail "lock file '${file}' is not a set with a version"
    else if lock.version < 5 || lock.version > 7
    then fail "lock file '${file}' has unsupported version ${toString lock.version}"
    else if !(isAttrs lock.nodes or null) || !(isString lock.root or null) || !(hasAttr lock.root lock.nodes)
    then fail "lock file '${file}' has no root node"
    else mapAttrs (name: value: if name == "nodes" then mapAttrs (checkedNode file lock) value else value) lock;

  # A node of a lock file, whose inputs must exist.
  checkedNode = file: lock: key: entry:
    let
      isKnown = input: isList input || isString input && hasAttr input lock.nodes;
      unknown = filter (name: !(isKnown entry.inputs.${name})) (attrNames (entry.inputs or { }));
    in
    if !(isAttrs entry) then fail "lock file '${file}' has a node '${key}' that is not a set"
    else if unknown != [ ]
    then fail "lock file '${file}' has no node for the input '${head unknown}' of its node '${key}'"
    else if key != lock.root && !(isAttrs entry.locked or null)
    then fail "lock file '${file}' has a node '${key}' that is not locked"
    else entry;

  # The node of a tree. `inputsOf` computes its inputs from the node itself.
  makeNode = { sourceInfo, outPath, isFlake, inputsOf }:
    let
      flake = readFlake outPath;
      inputs = if isFlake then inputsOf node else { };
      results = mapAttrs (_: input: input.result) inputs;
      outputs = flake.outputs (results // { self = result; });
      result =
        if !isFlake then sourceInfo // { inherit sourceInfo outPath; }
        else outputs // sourceInfo // {
          inherit outPath outputs sourceInfo;
          inputs = results;
          _type = "flake";
        };
      node = { inherit flake inputs outPath result sourceInfo; };
    in
    node;

  # The node at a path of input names from another node.
  followed = node: path:
    if path == [ ] then node
    else if !(hasAttr (head path) node.inputs)
    then fail "input '${head path}' follows a non-existent input of '${node.outPath}'"
    else followed node.inputs.${head path} (tail path);

  # The node with a key in the lock file of the flake `root`.
  lockedNode = lock: root: key:
    let
      entry = lock.nodes.${key};
      locked = entry.locked;
      parent = followed root (entry.parent or [ ]);
      sourceInfo =
        if isRelativePath locked then parent.sourceInfo
        else fetchTree (entry.info or { } // withoutDirectory locked);
      base = if isRelativePath locked then below parent.outPath locked.path else sourceInfo.outPath;
    in
    makeNode {
      inherit sourceInfo;
      outPath = below base (locked.dir or "");
      isFlake = entry.flake or true;
      inputsOf = _: lockedInputs lock root key;
    };

  lockedInputs = lock: root: key:
    mapAttrs
      (_: input: if isList input then followed root input else lockedNode lock root input)
      (lock.nodes.${key}.inputs or { });

  # The inputs of a flake as its flake.nix declares them, except for `overrides`, each of which has the node that
  # its paths are relative to.
  unlockedInputs = overrides: node:
    let
      lock = readLock node.outPath;
      lockedKeys = if lock == null then { } else lock.nodes.${lock.root}.inputs or { };

      input = name: declared:
        let
          override = overrides.${name} or null;
          from = if override == null then node else override.from;
          spec = if override == null then declared else declared // override.spec;
          ref = referenceOf spec;
          key = lockedKeys.${name} or null;
          entry = lock.nodes.${key};
          isLocked =
            override == null && key != null && !(isList key) && spec.inputs or { } == { }
            && (entry.original or null) == ref;
        in
        if spec ? follows then followed from (segments spec.follows)
        else if isLocked then lockedNode lock node key
        else if ref == null then fail "input '${name}' of flake '${node.outPath}' has no reference"
        else unlockedNode from ref (spec.flake or true) (mapAttrs (_: spec: { inherit spec from; }) (spec.inputs or { }));
    in
    mapAttrs input (declaredInputs node.flake);

  unlockedNode = parent: ref: isFlake: overrides:
    let
      sourceInfo =
        if !(isRelativePath ref) then fetchTree (withoutDirectory ref)
        else if parent == null
        then fail "cannot fetch input 'path:${ref.path}' because it uses a relative path"
        else parent.sourceInfo;
      base = if isRelativePath ref && parent != null then below parent.outPath ref.path else sourceInfo.outPath;
    in
    makeNode {
      inherit isFlake sourceInfo;
      outPath = below base (ref.dir or "");
      inputsOf = unlockedInputs overrides;
    };

  ref = if isPath reference then { type = "path"; path = toString reference; } else parseFlakeRef reference;
  isLocked = ref ? narHash || ref ? rev && ref.type != "path";
in
if mustBeLocked && !isLocked
then fail "cannot call 'getFlake' on unlocked flake reference '${toString reference}' (use --impure to override)"
else (unlockedNode null ref true { }).result
