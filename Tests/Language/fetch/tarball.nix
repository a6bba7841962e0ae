let
  url = name: "file://${toString ./data}/${name}";
  tree = fetchTarball (url "pkg.tgz");
in
{
  gzip = tree;
  bzip2 = fetchTarball (url "pax.tar.bz2");
  xz = fetchTarball { url = url "ustar.tar.xz"; name = "ustar"; };
  imported = import tree;
  lib = import "${tree}/lib";
  link = builtins.readFile "${tree}/link";
  entries = builtins.readDir tree;
  context = builtins.getContext "${tree}/lib";
}
