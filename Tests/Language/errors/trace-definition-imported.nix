# differs from 2.8.0: the newest Nix says where what was reached is defined
(import ./data/failing.nix).set.value
