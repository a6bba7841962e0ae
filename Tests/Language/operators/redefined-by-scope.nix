# Nix's parser makes calls of these operators, so that a scope may redefine them.
let
  __sub = a: b: "sub ${toString a} ${toString b}";
  __mul = a: b: "mul ${toString a} ${toString b}";
  __div = a: b: "div ${toString a} ${toString b}";
  __lessThan = a: b: a == 1;
in
[ (3 - 1) (-3) (- (2 + 1)) (2 * 3) (4 / 2) (1 < 0) (0 < 1) (0 > 1) (1 > 0) (0 >= 1) (1 >= 0) (1 <= 5) ]
