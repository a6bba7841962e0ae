{ inputs.leaf.url = "path:../leafa"; outputs = { self, leaf }: { name = "one+${leaf.name}"; }; }
