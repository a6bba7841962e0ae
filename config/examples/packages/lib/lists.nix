# Functions on lists.
{ lib }:
rec {
  # All elements except the last.
  init = list: take (builtins.length list - 1) list;

  last = list: builtins.elemAt list (builtins.length list - 1);

  # The first `n` elements, or all if there are fewer.
  take = n: list: builtins.genList (builtins.elemAt list) (min n (builtins.length list));

  # The elements after the first `n`.
  drop = n: list:
    let
      rest = builtins.length list - min n (builtins.length list);
    in
    builtins.genList (i: builtins.elemAt list (i + n)) rest;

  # The elements of the second list that are not in the first.
  subtract = excluded: builtins.filter (x: !builtins.elem x excluded);

  # Each element once, in the order of first occurrence.
  unique = builtins.foldl' (seen: x: if builtins.elem x seen then seen else seen ++ [ x ]) [ ];

  sum = builtins.foldl' builtins.add 0;

  # The results of `f` on pairs of elements, up to the end of the shorter list.
  zipWith = f: a: b:
    builtins.genList (i: f (builtins.elemAt a i) (builtins.elemAt b i)) (min (builtins.length a) (builtins.length b));

  # Folds from the right. `f` gets the result for the rest unevaluated.
  foldr = f: start: list:
    let
      go = i: if i == builtins.length list then start else f (builtins.elemAt list i) (go (i + 1));
    in
    go 0;

  # The element that comes first by `less`.
  smallest = less: list: builtins.foldl' (a: b: if less b a then b else a) (builtins.head list) (builtins.tail list);

  # The elements divided into runs, in which `same` holds between neighbours.
  runs = same: list:
    foldr
      (x: groups:
        if groups != [ ] && same x (builtins.head (builtins.head groups))
        then [ ([ x ] ++ builtins.head groups) ] ++ builtins.tail groups
        else [ [ x ] ] ++ groups)
      [ ]
      list;

  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
}
