{
  inputs.dep2.url = "path:../dep2";
  outputs = { self, dep2 }: { name = "dep with ${dep2.name}"; };
}
