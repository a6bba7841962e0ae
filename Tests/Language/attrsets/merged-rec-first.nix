# The first set decides whether the merged one is recursive.
[
  { a = rec { c = 2; d = c; }; a.b = 1; }
  { a.b = 1; a = rec { c = 2; d = 3; }; }
  { a = rec { c = 2; d = b; }; a.b = 1; }
]
