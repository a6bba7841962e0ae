{
  inputs.dep.url = "github:owner/dep";
  inputs.leaf.follows = "dep/leaf";
  outputs = { self, dep, leaf }: { names = [ dep.name leaf.name ]; };
}
