{ inputs.leaf.url = "path:../leafb"; outputs = { self, leaf }: { name = "two+${leaf.name}"; }; }
