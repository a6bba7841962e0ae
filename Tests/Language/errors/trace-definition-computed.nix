# differs from 2.8.0: the newest Nix says where what was reached is defined
let a.b = throw "inside"; n = "b"; in a.${n}
