# differs from 2.8.0: the newest Nix warns where `f or` is an element, an argument or a fallback without parentheses
let or = x: 1; id = x: x; in [
  [ id or ]
  [ (id or) ]
  (map or [ 2 ])
  (builtins.isFunction id
    or)
  ({ a = 2; }.a or id or)
]
