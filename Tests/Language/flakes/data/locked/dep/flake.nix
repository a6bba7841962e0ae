{ inputs.leaf.url = "nixpkgs"; outputs = { self, leaf }: { name = "locked+${leaf.name}"; }; }
