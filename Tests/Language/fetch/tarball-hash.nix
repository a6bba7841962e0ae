fetchTarball {
  url = "file://${toString ./data}/pkg.tgz";
  sha256 = "sha256-MkbYnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA=";
}
