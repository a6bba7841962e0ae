# All packages by name, each with its versions and what these need.
{ lib }:
let
  # Makes a release. `needs` is a set of package names and version ranges.
  release = { version, size, license ? "MIT", needs ? { } }: {
    inherit size license needs;
    version = lib.versions.parse version;
  };

  package = name: releases:
    map (fields: release fields // { inherit name; }) releases;
in
builtins.mapAttrs package {
  webapp = [
    { version = "1.1.0"; size = 300; needs = { server = "^1.0"; templates = "*"; }; }
    { version = "1.2.0"; size = 320; needs = { server = "^2.0"; templates = ">=0.4"; database = "^3.1"; }; }
    { version = "2.0.0"; size = 410; needs = { server = "^2.1"; templates = ">=0.5"; database = "^3.1"; cache = "*"; }; }
  ];
  server = [
    { version = "1.4.2"; size = 150; license = "Apache-2.0"; needs.tls = "^1.0"; }
    { version = "2.0.3"; size = 170; license = "Apache-2.0"; needs.tls = "^1.1"; }
    { version = "2.1.0"; size = 175; license = "Apache-2.0"; needs = { tls = "^1.1"; compression = "*"; }; }
  ];
  templates = [
    { version = "0.4.0"; size = 40; needs.text = "*"; }
    { version = "0.5.1"; size = 44; needs.text = ">=1.0"; }
  ];
  database = [
    { version = "3.0.0"; size = 900; license = "PostgreSQL"; }
    { version = "3.1.4"; size = 950; license = "PostgreSQL"; needs.compression = "^1.2"; }
    { version = "4.0.0"; size = 990; license = "PostgreSQL"; needs.compression = "^2.0"; }
  ];
  cache = [
    { version = "0.9.0"; size = 60; license = "BSD-3-Clause"; needs.text = "*"; }
  ];
  monitor = [
    { version = "5.0.0"; size = 80; needs = { server = ">=1.0"; text = "*"; }; }
  ];
  tls = [
    { version = "1.0.9"; size = 210; license = "Apache-2.0"; }
    { version = "1.1.1"; size = 220; license = "Apache-2.0"; }
    { version = "2.0.0"; size = 260; license = "Apache-2.0"; }
  ];
  compression = [
    { version = "1.2.13"; size = 30; license = "Zlib"; }
    { version = "1.3.0"; size = 31; license = "Zlib"; }
    { version = "2.0.0"; size = 35; license = "Zlib"; }
  ];
  text = [
    { version = "0.9.0"; size = 10; }
    { version = "1.0.0"; size = 12; }
  ];
  legacy = [
    { version = "1.5.0"; size = 500; license = "GPL-2.0"; needs.text = "^0.9"; }
  ];
}
