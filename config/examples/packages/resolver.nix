# Chooses one version of every package that is needed, directly or through others.
#
# The search takes the newest version within all known ranges. The chosen versions bring ranges of their own, with which
# the search is repeated until nothing changes.
{ lib }:
let
  inherit (lib) attrs strings versions;

  # The number of searches after which the resolver gives up, because versions keep excluding each other.
  maximumRounds = 50;

  # The releases of a package within all its known ranges, newest first.
  candidates = registry: ranges: name:
    let
      releases = registry.${name} or (throw "no package is called '${name}'");
      fits = release: builtins.all (range: versions.satisfies range.text release.version) (ranges.${name} or [ ]);
    in
    builtins.sort (a: b: versions.less b.version a.version) (builtins.filter fits releases);

  # The message that no release of a package fits, with its ranges and who asks for them.
  conflict = registry: ranges: name:
    let
      asked = map (range: "${range.text} (by ${range.by})") ranges.${name};
      known = map (release: versions.show release.version) registry.${name};
    in
    "no version of '${name}' fits ${strings.commas asked}; there are: ${strings.commas known}";

  choose = registry: ranges: name:
    let
      fitting = candidates registry ranges name;
    in
    if fitting == [ ] then throw (conflict registry ranges name) else builtins.head fitting;

  # Adds what `by` needs to the known ranges.
  addRanges = by: needs: ranges:
    builtins.foldl'
      (known: name:
        let
          range = { inherit by; text = needs.${name}; };
          present = known.${name} or [ ];
        in
        known // { ${name} = if builtins.elem range present then present else present ++ [ range ]; })
      ranges
      (builtins.attrNames needs);

  # All packages that the wanted ones need, with the versions that the known ranges allow.
  reachable = registry: ranges: names:
    let
      node = name: { key = name; release = choose registry ranges name; };
      nodes = builtins.genericClosure {
        startSet = map node names;
        operator = item: map node (builtins.attrNames item.release.needs);
      };
    in
    builtins.listToAttrs (map (item: { name = item.key; value = item.release; }) nodes);

  # The ranges of the request, and those of the chosen packages.
  rangesOf = request: chosen:
    builtins.foldl' (known: name: addRanges name chosen.${name}.needs known) request (builtins.attrNames chosen);

  # Repeats the search until the chosen versions ask for the ranges by which they were chosen.
  settle = registry: names: request: ranges: rounds:
    let
      chosen = reachable registry ranges names;
      asked = rangesOf request chosen;
    in
    if asked == ranges then { packages = chosen; inherit ranges; }
    else if rounds == 0 then throw "no choice of versions settles; narrow the ranges of the request"
    else settle registry names request asked (rounds - 1);

  # The packages in an order in which each one follows everything that it needs.
  installOrder = packages:
    let
      visit = path: state: name:
        if builtins.elem name state then state
        else if builtins.elem name path then throw "packages need each other: ${strings.arrows (path ++ [ name ])}"
        else
          let
            needs = builtins.attrNames packages.${name}.needs;
            before = builtins.foldl' (visit (path ++ [ name ])) state needs;
          in
          before ++ [ name ];
    in
    builtins.foldl' (visit [ ]) [ ] (builtins.attrNames packages);
in
rec {
  # Resolves the wanted packages, given with their ranges, to packages, ranges and an order.
  resolve = registry: { wanted }:
    let
      request = addRanges "the request" wanted { };
      settled = settle registry (builtins.attrNames wanted) request request maximumRounds;
    in
    settled // { order = installOrder settled.packages; };

  # A sentence that says whether a request can be met.
  explain = registry: request:
    let
      plan = resolve registry request;
      tried = builtins.tryEval (builtins.deepSeq plan.order plan.order);
    in
    if tried.success
    then "can be met by ${toString (builtins.length tried.value)} packages"
    else "cannot be met: ${strings.commas (attrs.mapToList (name: range: "${name} ${range}") request.wanted)}";
}
