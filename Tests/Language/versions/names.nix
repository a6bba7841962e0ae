# The version begins after the first dash that no letter follows.
map builtins.parseDrvName [
  "nix-0.12pre12876" "a-b-c-1234pre5+git" "nix" "" "-" "a-" "a--1" "a-1" "-1" "a-_b" "a-é" "apache-httpd-2.0.48" "1-2-3" "a-b" "x-Z-9"
]
