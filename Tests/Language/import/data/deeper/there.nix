{ c = import ../one.nix; here = ./.; }
