let a = import ./data/traced.nix; b = import ./data/../data/traced.nix; in a.n + b.n
