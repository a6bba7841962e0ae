# differs from 2.8.0: no connection is opened
fetchTarball "https://example.org/nixpkgs.tar.gz"
